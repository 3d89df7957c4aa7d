import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { DataWork, ended } from '../support/data-work.js';
import { definitionsOf } from '../support/feature-definitions.js';
import { until } from '../support/launcher/homes.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

// However rows come, by files that are collected and materialized or by pushes: what is online is what a training set has.

const RUNS = 8;
/** A failure is made smaller for so long. */
const TIME_MS = 90_000;
const users = ['ann', 'bob', 'cid'];
const schema = {
  eventTimeColumn: 'at',
  columns: [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
  ],
};
/** A window of rows, one of time, a window over a window, and the value as it is. */
const windows = {
  features: ['total', 'recent', 'least', 'before', 'amount'].map((name) => ({ name })),
  transformation: {
    version: 1,
    steps: [
      { kind: 'ROLLING', input: 'amount', statistic: 'SUM', window: { rows: 3 }, minimumPeriods: 1, output: 'total' },
      { kind: 'ROLLING', input: 'amount', statistic: 'MAXIMUM', window: { durationMs: 3_000 }, output: 'recent' },
      {
        kind: 'ROLLING',
        input: 'total',
        statistic: 'MINIMUM',
        window: { rows: 2 },
        minimumPeriods: 1,
        output: 'least',
      },
      { kind: 'LAG', input: 'amount', rows: 2, output: 'before' },
    ],
  },
};
const newest = {
  features: [{ name: 'log' }, { name: 'amount' }],
  transformation: { version: 1, steps: [{ kind: 'LOG1P', input: 'amount', output: 'log' }] },
};

interface Row {
  readonly user: string;
  /** In seconds since the beginning of 2026: the order in which rows come is another one. */
  readonly second: number;
  readonly amount: number | null;
}

interface Batch {
  readonly isPushed: boolean;
  readonly rows: readonly Row[];
}

const timeOf = ({ second }: Row): string => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();

const row: fc.Arbitrary<Row> = fc.record({
  user: fc.constantFrom(...users),
  second: fc.integer({ min: 0, max: 12 }),
  amount: fc.option(fc.constantFrom(0, 1, 2.5, 7, 40)),
});

/** Which of two rows of one moment comes first is said nowhere, so that there is only one. */
const batches: fc.Arbitrary<Batch[]> = fc
  .uniqueArray(fc.tuple(row, fc.nat({ max: 5 })), {
    minLength: 4,
    maxLength: 36,
    selector: ([{ user, second }]) => `${user} ${second}`,
  })
  .chain((rows) =>
    fc
      .array(fc.boolean(), { minLength: 6, maxLength: 6 })
      .map((pushed) =>
        pushed
          .map((isPushed, number) => ({ isPushed, rows: rows.filter(([, of]) => of === number).map(([each]) => each) }))
          .filter((batch) => batch.rows.length > 0),
      ),
  );

let nestor: TestNestor;
let sources: DataSourcesClient;
let work: DataWork;
let count = 0;
const { applyView, createEntity } = definitionsOf(() => nestor);
beforeAll(async () => {
  nestor = await startTestNestor({
    redis: false,
    overrides: { NESTOR_PUSH_ROUND_MS: '50', NESTOR_JOB_SWEEP_MS: '200' },
  });
  sources = new DataSourcesClient(nestor);
  work = new DataWork(nestor);
  await createEntity('user', [{ name: 'user', type: 'STRING' }]);
});
afterAll(() => nestor.close());

/** Brings rows by both ways. @returns the names of the views. */
async function bring(given: readonly Batch[]): Promise<string[]> {
  count += 1;
  const source = `payments-${count}`;
  await sources.create(source, { mode: 'APPEND', schema });
  const views = [`windows-${count}`, `newest-${count}`];
  for (const [index, view] of views.entries()) {
    const more = index === 0 ? windows : newest;
    await applyView(view, { source: { dataSource: source }, entities: ['user'], isOnline: true, ...more });
  }
  for (const { isPushed, rows } of given) {
    if (isPushed) {
      const pushed = rows.map((each) => ({ user: each.user, at: timeOf(each), amount: each.amount }));
      // Both views read one source, which is to have the rows once.
      await work.push(views[0] ?? '', 'BOTH', pushed);
      await work.push(views[1] ?? '', 'ONLINE', pushed);
    } else {
      const lines = rows.map((each) => `${each.user},${timeOf(each)},${each.amount ?? ''}\n`);
      expect(await sources.collect(source, `user,at,amount\n${lines.join('')}`)).toMatchObject({ status: 'SUCCEEDED' });
      const ids = await Promise.all(views.map((view) => work.materialize(view, new Date().toISOString())));
      for (const id of ids) expect(await ended(() => work.materialization(id))).toMatchObject({ status: 'SUCCEEDED' });
    }
  }
  const total = given.reduce((sum, { rows }) => sum + rows.length, 0);
  await until(async () => (await work.snapshots(source))[0]?.totalRowCount === total);
  return views;
}

it('is what a training set has at that moment, whichever way rows come', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (given) => {
      const views = await bring(given);
      const wanted = [windows, newest].map(({ features }) => features.map(({ name }) => name));
      const references = views.flatMap((view, index) => (wanted[index] ?? []).map((name) => `${view}:${name}`));
      const now = new Date().toISOString();
      const labels = users.map((user) => `${user},${now}\n`).join('');
      const job = await work.request(references, `user,moment\n${labels}`, 'moment', { fullFeatureNames: true });
      const { preview } = await ended(() => work.job(job));
      expect(preview.map(({ user }) => user)).toEqual(users);
      for (const reference of references) {
        const online = await work.online(
          reference,
          users.map((user) => ({ user })),
        );
        expect(online, reference).toEqual(preview.map((each) => each[reference.replace(':', '__')]));
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: TIME_MS },
  );
});
