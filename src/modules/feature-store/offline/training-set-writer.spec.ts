import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fillTable } from '../../../../test/support/data-engine.js';
import { openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { literal } from '../engine/sql-text.js';
import { transformationDeclaration } from '../transformations/transformation-declaration.js';
import type { TypedColumn } from '../value-types.js';
import { featurePlan } from './feature-plan.rules.js';
import { writeTrainingSet } from './training-set-writer.js';

let bench: TestWorkbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

const ORIGIN = 1_700_000_000_000;
const user: TypedColumn = { name: 'user', type: 'INT64' };
const at: TypedColumn = { name: 'at', type: 'TIMESTAMP' };
const amount: TypedColumn = { name: 'amount', type: 'FLOAT64' };
const basket: TypedColumn = { name: 'basket', type: 'FLOAT64' };
const described = (column: TypedColumn) => ({ ...column, description: '' });

const nothing = { workspaceId: '', version: 1, description: '', createdTime: null, ttlMs: null, isOnline: true };
const unlearned = { state: null, learnedFrom: null };
const spending: FeatureViewVersion = {
  ...nothing,
  ...unlearned,
  id: 'spending',
  name: 'spending',
  source: { kind: 'DATA_SOURCE', sourceId: '', name: 'purchases' },
  entities: ['user'],
  keys: [user],
  columns: [user, at, amount],
  eventTime: 'at',
  features: [described(amount)],
  transformation: null,
};
const onDemand = (id: string, step: object): FeatureViewVersion => ({
  ...nothing,
  ...unlearned,
  id,
  name: id,
  source: {
    kind: 'REQUEST',
    fields: [basket],
    features: [{ versionId: 'spending', view: 'spending', version: 1, features: ['amount'] }],
  },
  entities: [],
  keys: [],
  columns: [basket, amount],
  eventTime: null,
  features: [described({ name: 'computed', type: 'FLOAT64' }), described(amount)],
  transformation: transformationDeclaration({ version: 1, steps: [{ ...step, output: 'computed' }] }),
});
const logs = [
  onDemand('log-basket', { kind: 'LOG1P', input: 'basket' }),
  onDemand('log-amount', { kind: 'LOG1P', input: 'amount' }),
];
const views = new Map([spending, ...logs].map((view) => [view.id, view]));
const feature = (view: string, name: string, as: string) => ({
  viewVersionId: view,
  view,
  viewVersion: 1,
  feature: name,
  as,
});
const rowsOf = (table: string) => new Map([['spending', { relation: table, lineage: [] }]]);
const labels = { relation: 'labels', columns: ['user', 'when', 'basket'], eventTime: 'when' };

const log = (value: number | null): unknown => (value === null ? null : expect.closeTo(Math.log1p(value), 12));

describe('a training set', () => {
  it('has the features of all views, computed ones too, under the names that are wanted', async () => {
    const plan = featurePlan(
      [
        feature('log-amount', 'computed', 'logAmount'),
        feature('spending', 'amount', 'one'),
        feature('log-basket', 'computed', 'logBasket'),
        feature('spending', 'amount', 'other'),
        feature('log-basket', 'amount', 'same'),
      ],
      views,
    );
    const value = fc.option(fc.integer({ min: 0, max: 9 }));
    const label = fc.tuple(fc.constantFrom(1, 2, null), value);
    await fc.assert(
      fc.asyncProperty(fc.array(label, { minLength: 1, maxLength: 12 }), value, async (given, spent) => {
        await fillTable(bench.engine, 'purchases', spending.columns, [[1, ORIGIN, spent]]);
        await fillTable(
          bench.engine,
          'labels',
          [user, { ...at, name: 'when' }, basket],
          given.map(([who, put]) => [who, ORIGIN + 1, put]),
        );
        const path = join(bench.folder, 'result.parquet');
        expect(await writeTrainingSet(bench, labels, plan, rowsOf('purchases'), path, {})).toBe(given.length);
        const found = await bench.engine.rows(`SELECT * FROM read_parquet(${literal(path)})`);
        expect(found.map((row) => Object.values(row))).toEqual(
          given.map(([who, put]) => {
            const known = who === 1 ? spent : null;
            return [who, ORIGIN + 1, put, log(known), known, log(put), known, known];
          }),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('is the same file each time, in little memory', async () => {
    const count = 250_000;
    const made = `SELECT CAST(n * 7919 % 5003 AS BIGINT) AS "user", make_timestamp(${ORIGIN}000 + n * 1000) AS`;
    await bench.engine.run(
      `CREATE TABLE purchases AS ${made} "at", sqrt(n) AS amount FROM (SELECT unnest(range(${count})) AS n)`,
    );
    await bench.engine.run(
      `CREATE TABLE labels AS ${made} "when", CAST(n % 10 AS DOUBLE) AS basket FROM (SELECT unnest(range(${count})) AS n)`,
    );
    const plan = featurePlan(
      [feature('spending', 'amount', 'amount'), feature('log-basket', 'computed', 'log')],
      views,
    );
    const digests = new Set<string>();
    for (const round of [1, 2]) {
      const path = join(bench.folder, `${round}.parquet`);
      expect(await writeTrainingSet(bench, labels, plan, rowsOf('purchases'), path, {})).toBe(count);
      digests.add(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      );
    }
    expect(digests.size).toBe(1);
  });

  it('refuses features that need one column of the labels as two types', () => {
    const other = { ...spending, id: 'other', name: 'other', keys: [{ ...user, type: 'STRING' as const }] };
    const both = [feature('spending', 'amount', 'a'), feature('other', 'amount', 'b')];
    expect(() => featurePlan(both, new Map([...views, ['other', other]]))).toThrow('both INT64 and STRING');
  });
});
