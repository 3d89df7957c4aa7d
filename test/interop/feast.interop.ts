import { afterAll, beforeAll, expect, it } from 'vitest';
import { collectedSource } from '../support/collected-source.js';
import { Definitions, featuresOf } from '../support/feature-views.js';
import { startTestInference, type TestInference } from '../support/inference.js';
import { pytest } from './pytest.js';

let nestor: TestInference;
beforeAll(async () => {
  nestor = await startTestInference();
  await nestor.startWorker();
  const definitions = new Definitions(nestor.dataSource, nestor.context.actor.workspaceId);
  const users = await definitions.view('users', {
    ttlMs: 3_600_000,
    features: featuresOf(
      { name: 'age', type: 'INT64' },
      { name: 'spent', type: 'FLOAT64' },
      { name: 'is_new', type: 'BOOLEAN' },
      { name: 'since', type: 'TIMESTAMP' },
    ),
  });
  const shops = await definitions.view('shops', {
    entities: ['shop'],
    keys: [{ name: 'shop', type: 'INT64' }],
    features: featuresOf({ name: 'city', type: 'STRING' }),
  });
  const columns = [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
  ];
  const orders = 'user,at,amount\nann,2026-01-01,1\nann,2026-01-03,3\n';
  const sourceId = await collectedSource(nestor, 'orders', columns, orders);
  await definitions.view('orders', { source: { kind: 'DATA_SOURCE', sourceId, name: 'orders' } });
  await definitions.service('risk', [
    [users, 'spent'],
    [users, 'age'],
    [shops, 'city'],
  ]);
});
afterAll(() => nestor.close());

it("serves Feast's remote online store", async () => {
  const output = await pytest('NESTOR_INTEROP_FEAST_PYTHON', 'feast/test_feast.py', {
    NESTOR_URL: nestor.api.url,
    NESTOR_API_KEY: nestor.apiKey,
    FEAST_USAGE: 'False',
  });
  expect(output).toMatch(/\d+ passed/);
  expect(output).not.toMatch(/skipped/);
});
