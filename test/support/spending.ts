import type { DataSource } from 'typeorm';
import type { FeatureViewDefinition } from '../../src/modules/feature-store/definitions/feature-view.js';
import { collect } from './collections.js';
import { Definitions, featuresOf, stepsOf } from './feature-views.js';
import type { TestNestor } from './nestor.js';

const PURCHASES = `user,at,known,amount
ann,2026-01-01,2026-01-01,10
ann,2026-01-03,2026-01-04,20
bob,2026-01-02,2026-01-02,5
ann,2026-01-05,2026-01-05,40
`;

/** A source of purchases, a view of what users spent, an on-demand view over it, and a service of both. */
export async function defineSpending(
  nestor: TestNestor,
  dataSource: DataSource,
  changes: Partial<FeatureViewDefinition> = {},
): Promise<void> {
  await collect(nestor, 'purchases', ['user:STRING', 'at:TIMESTAMP', 'known:TIMESTAMP', 'amount:FLOAT64'], PURCHASES);
  const [source]: { id: string; workspace_id: string }[] = await dataSource.query(
    "SELECT id, workspace_id FROM data_sources WHERE name = 'purchases'",
  );
  const definitions = new Definitions(dataSource, source?.workspace_id ?? '');
  const columns = [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'known', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
  ] as const;
  const view = await definitions.view('spending', {
    source: { kind: 'DATA_SOURCE', sourceId: source?.id ?? '', name: 'purchases' },
    columns,
    createdTime: 'known',
    ttlMs: 5 * 24 * 3_600_000,
    transformation: stepsOf({
      kind: 'ROLLING',
      input: 'amount',
      statistic: 'SUM',
      window: { rows: 2 },
      minimumPeriods: 1,
      output: 'recent',
    }),
    features: featuresOf({ name: 'amount', type: 'FLOAT64' }, { name: 'recent', type: 'FLOAT64' }),
    ...changes,
  });
  const basket = { name: 'basket', type: 'FLOAT64' } as const;
  const ratio = await definitions.view('basket', {
    source: {
      kind: 'REQUEST',
      fields: [basket],
      features: [{ versionId: view.id, view: 'spending', version: 1, features: ['recent'] }],
    },
    entities: [],
    keys: [],
    columns: [basket, { name: 'recent', type: 'FLOAT64' }],
    eventTime: null,
    transformation: stepsOf({ kind: 'LOG1P', input: 'basket', output: 'logBasket' }),
    features: featuresOf({ name: 'logBasket', type: 'FLOAT64' }, { name: 'recent', type: 'FLOAT64' }),
  });
  await definitions.service('churn', [
    [view, 'recent', 'spent'],
    [ratio, 'logBasket'],
    [view, 'amount', 'last'],
    [ratio, 'recent', 'again'],
  ]);
}
