import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/process/package-root.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const example = (name: string): Promise<string> => readFile(join(packageRoot, 'examples/feature-store', name), 'utf8');

let nestor: TestNestor;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false });
});
afterAll(() => nestor.close());

async function succeeded(query: string, id: string): Promise<void> {
  for (;;) {
    const { run } = await nestor.ask<{ run: { status: string } }>(
      `query ($id: ID!) { run: ${query}(id: $id) { status } }`,
      {
        id,
      },
    );
    if (run.status === 'SUCCEEDED') return;
    if (!['QUEUED', 'RUNNING'].includes(run.status)) throw new Error(`${query}: ${run.status}`);
    await sleep(50);
  }
}

async function collect(source: string, key: string, value: string): Promise<void> {
  const columns = [
    { name: key, type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: value, type: 'FLOAT64' },
  ];
  await nestor.ask('mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }', {
    input: { name: source, kind: 'FILE', schema: { columns } },
  });
  const artifact = await nestor.upload(Buffer.from(await example(`${source}.csv`)));
  const { run } = await nestor.ask<{ run: { id: string } }>(
    'mutation ($source: String!, $artifact: ID!) { run: collectDataSource(input: { source: $source, artifact: $artifact }) { id } }',
    { source, artifact },
  );
  await succeeded('dataCollection', run.id);
}

it('the recipes work as they are shipped', async () => {
  await collect('visits', 'user', 'duration');
  await collect('payments', 'user', 'amount');
  await collect('readings', 'sensor', 'value');
  await nestor.ask('mutation ($yaml: String!) { applyFeatureRepository(input: { yaml: $yaml }) { __typename } }', {
    yaml: await example('recipes.yaml'),
  });
  for (const view of ['user-behaviour', 'transactions', 'sensors']) {
    const { run } = await nestor.ask<{ run: { id: string } }>(
      'mutation ($view: String!) { run: materializeFeatureView(input: { view: $view }) { id } }',
      { view },
    );
    await succeeded('featureMaterialization', run.id);
  }
  const { onlineFeatures } = await nestor.ask<{ onlineFeatures: { features: { name: string; values: number[] }[] } }>(
    `{ onlineFeatures(input: { entities: [{ sensor: "sensor-0" }],
         features: ["sensors:value_mean_10", "sensors:value_max_10", "sensors:value_min_10"] }) { features { name values } } }`,
  );
  const lines = (await example('readings.csv')).trim().split('\n');
  const values = lines.filter((line) => line.startsWith('sensor-0,')).map((line) => Number(line.split(',')[2]));
  const last = values.slice(-10);
  const [mean, most, least] = onlineFeatures.features.map((feature) => feature.values[0]);
  expect(mean).toBeCloseTo(last.reduce((sum, value) => sum + value, 0) / 10, 9);
  expect([most, least]).toEqual([Math.max(...last), Math.min(...last)]);
});
