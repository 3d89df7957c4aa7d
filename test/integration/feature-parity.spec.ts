import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { until } from '../support/collections.js';
import { definitionEntities } from '../support/feature-views.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { defineSpending } from '../support/spending.js';

const PARITY = `query ($view: String!) { featureParity(view: $view) {
  checkedAt viewVersion materialization sampled equal newer different differences { kind feature rows } } }`;
const MATERIALIZE = `mutation ($input: MaterializeFeatureViewInput!) { materializeFeatureView(input: $input) { id } }`;

interface Parity {
  readonly sampled: number;
  readonly different: number;
}

let nestor: TestNestor;
let dataSource: DataSource;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_DATA_PARITY_MS: '200' } });
  dataSource = await new DataSource({
    ...dataSourceOptions(nestor.settings.DATABASE_URL ?? '', 2),
    entities: definitionEntities,
  }).initialize();
  await defineSpending(nestor, dataSource, { ttlMs: null });
});
afterAll(async () => {
  await dataSource.destroy();
  await nestor.close();
});

const parityOf = async (view: string) =>
  (await nestor.ask<{ featureParity: Parity | null }>(PARITY, { view })).featureParity;

const openIssues = (): Promise<{ message: string; evidence: object }[]> =>
  dataSource.query("SELECT message, evidence FROM data_issues WHERE kind = 'PARITY' AND resolved_at IS NULL");

describe('parity', () => {
  it('is found by comparing samples, and a difference is an issue for as long as it lasts', async () => {
    expect(await parityOf('spending')).toBeNull();
    await nestor.ask(MATERIALIZE, { input: { view: 'spending', to: '2026-02-01T00:00:00Z' } });
    await until(async () => (await parityOf('spending')) !== null);
    expect(await parityOf('spending')).toMatchObject({
      viewVersion: 1,
      sampled: 2,
      equal: 2,
      newer: 0,
      different: 0,
      differences: [],
    });
    expect(await openIssues()).toEqual([]);

    const before = await dataSource.query<{ entity_key: Buffer }[]>('SELECT * FROM online_features');
    expect(before).toHaveLength(2);
    const removed = await dataSource.query(
      'WITH removed AS (DELETE FROM online_features WHERE event_time = $1 RETURNING feature_values) SELECT * FROM removed',
      [Date.parse('2026-01-02') * 1_000],
    );
    // Of bob, with the texts in which values are kept.
    expect(removed).toEqual([{ feature_values: { amount: 'd5', recent: 'd5' } }]);
    await until(async () => (await parityOf('spending'))?.different === 1);
    expect(await parityOf('spending')).toMatchObject({
      sampled: 2,
      equal: 1,
      differences: [{ kind: 'MISSING', feature: null, rows: 1 }],
    });
    await until(async () => (await openIssues()).length === 1);
    expect(await openIssues()).toMatchObject([
      {
        evidence: { version: 1, sampled: 2, different: 1, differences: [{ kind: 'MISSING', feature: null, rows: 1 }] },
      },
    ]);

    await nestor.ask(MATERIALIZE, { input: { view: 'spending', to: '2026-02-01T00:00:00Z' } });
    await until(async () => (await openIssues()).length === 0);
    expect(await parityOf('spending')).toMatchObject({ equal: 2, different: 0 });
  });

  it('is asked for by the name of a view', async () => {
    expect((await nestor.send(PARITY, { view: 'gone' })).errors[0]?.extensions.code).toBe('NOT_FOUND');
    expect(await parityOf('basket')).toBeNull();
  });
});
