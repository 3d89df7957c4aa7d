import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureViewVersion } from '../../src/modules/feature-store/definitions/feature-view.js';
import type { EngineRow } from '../../src/modules/feature-store/engine/data-engine.js';
import type { LaidRows, RowsRequest } from '../../src/modules/feature-store/offline/feature-view-rows.js';
import { transformationDeclaration } from '../../src/modules/feature-store/transformations/transformation-declaration.js';
import type { FeatureValue, TypedColumn } from '../../src/modules/feature-store/value-types.js';
import { FeatureData, viewDefinition } from '../support/feature-data.js';
import { openWorkbench } from '../support/workbench.js';

let data: FeatureData;
beforeAll(async () => {
  data = await FeatureData.open();
});
afterAll(() => data.close());

const key: TypedColumn = { name: 'user', type: 'STRING' };
const event: TypedColumn = { name: 'event', type: 'TIMESTAMP' };
const amount: TypedColumn = { name: 'amount', type: 'FLOAT64' };
const columns = [key, event, { name: 'unused', type: 'STRING' as const }, amount];

const origin = 1_700_000_000_000;
const rowOf = ([user, step, value]: readonly [string, number, number]): FeatureValue[] => [
  user,
  origin + step * 1_000,
  'not read',
  value,
];

const request: RowsRequest = { control: {} };

async function laid(
  view: FeatureViewVersion,
  asked = request,
): Promise<{ readonly rows: EngineRow[]; readonly lineage: LaidRows['lineage'] }> {
  const workbench = await openWorkbench();
  try {
    const { relation, lineage } = await data.rows.lay(workbench, view, asked);
    return { rows: await workbench.engine.rows(`SELECT * FROM ${relation}`), lineage };
  } finally {
    await workbench.close();
  }
}

const described = (column: TypedColumn) => ({ ...column, description: '' });

const sumOfTwo = transformationDeclaration({
  version: 1,
  steps: [
    { kind: 'ROLLING', input: 'amount', statistic: 'SUM', window: { rows: 2 }, minimumPeriods: 1, output: 'recent' },
  ],
});
const scaled = transformationDeclaration({
  version: 1,
  steps: [{ kind: 'STANDARD_SCALER', input: 'recent', output: 'scaled' }],
});

async function plainView(sourceId: string): Promise<FeatureViewVersion> {
  const source = { kind: 'DATA_SOURCE', sourceId, name: 'purchases' } as const;
  const features = [described(amount)];
  return data.addView(
    'plain',
    viewDefinition({ source, keys: [key], columns: [key, event, amount], eventTime: 'event', features }),
  );
}

async function summedView(sourceId: string, names = ['recent']): Promise<FeatureViewVersion> {
  const source = { kind: 'DATA_SOURCE', sourceId, name: 'purchases' } as const;
  const features = names.map((name) => described({ name, type: 'FLOAT64' }));
  const view = { source, keys: [key], columns: [key, event, amount], eventTime: 'event', features };
  return data.addView('summed', viewDefinition({ ...view, transformation: sumOfTwo }));
}

describe('the rows of a feature view', () => {
  it('are those of its source at a version, in the order of the versions, with what it reads', async () => {
    const row = fc.tuple(fc.constantFrom('a', 'b'), fc.nat(3), fc.nat(9));
    const batch = fc.record({ rows: fc.array(row, { maxLength: 6 }), isIncrement: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
        const sourceId = await data.addSource(columns);
        const expected: (readonly [string, number, number])[][] = [];
        for (const [index, { rows, isIncrement }] of batches.entries()) {
          const adds = isIncrement && index > 0;
          await data.addSnapshot(sourceId, columns, rows.map(rowOf), adds);
          expected.push(adds ? [...(expected.at(-1) ?? []), ...rows] : rows);
        }
        const view = await plainView(sourceId);
        for (const [index, rows] of expected.entries()) {
          const snapshots = new Map([[sourceId, index + 1]]);
          const found = await laid(view, index === expected.length - 1 ? request : { ...request, snapshots });
          expect(found.rows).toEqual(
            rows.map(([user, step, value]) => ({ user, event: origin + step * 1_000, amount: value })),
          );
          expect(found.lineage.at(-1)).toEqual({ sourceId, version: index + 1 });
        }
      }),
      { numRuns: 15 },
    );
  });

  it('are transformed, over upstream views too, and stay in their order', async () => {
    const row = fc.tuple(fc.constantFrom('a', 'b'), fc.nat(3), fc.nat(9));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 3, maxLength: 40 }), async (rows) => {
        const sourceId = await data.addSource(columns);
        await data.addSnapshot(sourceId, columns, rows.map(rowOf), false);
        const upstream = await summedView(sourceId);
        const last = new Map<string, number>();
        const sums: number[] = [];
        // Windows go by event time, and by the order of the rows where it is the same.
        const byTime = rows
          .map((each, at) => [...each, at] as const)
          .sort((one, other) => one[1] - other[1] || one[3] - other[3]);
        for (const [user, , value, at] of byTime) {
          sums[at] = value + (last.get(user) ?? 0);
          last.set(user, value);
        }
        expect((await laid(upstream)).rows).toEqual(
          rows.map(([user, step], at) => ({ user, event: origin + step * 1_000, recent: sums[at] })),
        );
        const mean = sums.reduce((total, value) => total + value, 0) / sums.length;
        const deviation = Math.sqrt(sums.reduce((total, value) => total + (value - mean) ** 2, 0) / sums.length) || 1;
        const recent: TypedColumn = { name: 'recent', type: 'FLOAT64' };
        const view = await data.addView(
          'scaled',
          viewDefinition({
            source: { kind: 'FEATURE_VIEW', versionId: upstream.id, name: 'summed', version: upstream.version },
            keys: [key],
            columns: [key, event, recent],
            eventTime: 'event',
            features: [described({ name: 'scaled', type: 'FLOAT64' })],
            transformation: scaled,
          }),
        );
        const found = await laid(view);
        expect(found.rows.map(({ user, event: at }) => [user, at])).toEqual(
          rows.map(([user, step]) => [user, origin + step * 1_000]),
        );
        for (const [at, sum] of sums.entries()) {
          expect(found.rows[at]?.['scaled']).toBeCloseTo((sum - mean) / deviation, 9);
        }
        expect(found.lineage).toEqual([{ sourceId, version: 1 }]);
      }),
      { numRuns: 15 },
    );
  });

  it('are transformed by what was learned first, whoever learns at the same time', async () => {
    const sourceId = await data.addSource(columns);
    await data.addSnapshot(sourceId, columns, [rowOf(['a', 0, 10]), rowOf(['b', 0, 20])], false);
    await data.addSnapshot(sourceId, columns, [rowOf(['a', 1, 1_000])], true);
    const source = { kind: 'DATA_SOURCE', sourceId, name: 'purchases' } as const;
    const view = await data.addView(
      'scaled-amounts',
      viewDefinition({
        source,
        keys: [key],
        columns: [key, event, amount],
        eventTime: 'event',
        features: [described({ name: 'scaled', type: 'FLOAT64' })],
        transformation: transformationDeclaration({
          version: 1,
          steps: [{ kind: 'STANDARD_SCALER', input: 'amount', output: 'scaled' }],
        }),
      }),
    );
    const [early, late] = await Promise.all(
      [1, 2].map(async (version) => laid(view, { ...request, snapshots: new Map([[sourceId, version]]) })),
    );
    const kept = await data.views.findVersion(data.workspaceId, view.id);
    expect([1, 2]).toContain(kept?.learnedFrom?.version);
    // Whoever lost used what the other learned: both agree on what they have in common.
    expect(late?.rows.slice(0, 2)).toEqual(early?.rows);
    expect((await laid(view)).rows).toEqual(late?.rows);
  });

  it('stay in their order however many they are', async () => {
    const sourceId = await data.addSource(columns);
    const part = 130_000;
    for (const start of [0, part]) {
      const rows = Array.from({ length: part }, (_, at) => rowOf([`u${(start + at) % 997}`, at % 50, start + at]));
      await data.addSnapshot(sourceId, columns, rows, start > 0);
    }
    const view = await summedView(sourceId, ['amount', 'recent']);
    const workbench = await openWorkbench();
    for (const each of [await plainView(sourceId), view]) {
      const { relation } = await data.rows.lay(workbench, each, request);
      const numbered = `SELECT amount, row_number() OVER () - 1 AS position FROM ${relation}`;
      const counted = `SELECT count(*) AS rows, count(*) FILTER (amount <> position) AS displaced FROM (${numbered})`;
      expect(await workbench.engine.rows(counted)).toEqual([{ rows: 2 * part, displaced: 0 }]);
    }
    await workbench.close();
  });

  it('that several views have in common are fetched once', async () => {
    const sourceId = await data.addSource(columns);
    await data.addSnapshot(sourceId, columns, [rowOf(['a', 0, 10])], false);
    const views = [await plainView(sourceId), await summedView(sourceId)];
    const workbench = await openWorkbench();
    const found = await data.rows.layAll(workbench, views, request);
    expect([...found.keys()].sort()).toEqual([sourceId, ...views.map(({ id }) => id)].sort());
    await workbench.close();
  });

  it('need a source that has data', async () => {
    const sourceId = await data.addSource(columns);
    await expect(laid(await plainView(sourceId))).rejects.toMatchObject({ code: 'CONFLICT' });
    await data.addSnapshot(sourceId, columns, [rowOf(['a', 0, 10])], false);
    await data.addSnapshot(sourceId, columns.slice(0, 3), [['a', origin, '']], false);
    await expect(laid(await plainView(sourceId))).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('no column "amount"') as unknown,
    });
    const gone = { ...request, snapshots: new Map([[sourceId, 7]]) };
    await expect(laid(await plainView(sourceId), gone)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const fields = [{ name: 'basket', type: 'FLOAT64' as const }];
    const onDemand = await data.addView(
      'basket',
      viewDefinition({ source: { kind: 'REQUEST', fields, features: [] }, keys: [], columns: fields, eventTime: null }),
    );
    await expect(laid(onDemand)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
