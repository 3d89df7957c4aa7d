import { createHash } from 'node:crypto';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { DataWork, ended } from '../support/data-work.js';
import { definitionsOf } from '../support/feature-definitions.js';
import { type HeldApi, startHeldApi } from '../support/held-api.js';
import { type HeldStatement, HeldStatements } from '../support/held-statements.js';
import { query, until } from '../support/launcher/homes.js';
import { endAndReplace, LaunchedNestor } from '../support/launcher/launched-nestor.js';
import { hasRedisServer, startRedisServer, type TestRedis } from '../support/redis.js';

// The worker is killed while it works on data, at moments from when it takes the work on to when it commits.

const MIB = 1024 ** 2;
const BATCH_ROWS = 200;
const BAD_ROWS = 5;
/** Entities of each view: so many that it takes longer to bring them online than it takes to be recorded how far it came. */
const entitiesOf: Readonly<Record<string, number>> = { newest: 80_000, rolling: 10_000 };
/** Of one call. */
const ENTITIES_TOGETHER = 10_000;
const LABELS = 2_000;

const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
const IRIS = { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 };

const readings = {
  columns: [
    { name: 'sensor', type: 'STRING', isNullable: false },
    { name: 'value', type: 'FLOAT64', maximum: 1_000 },
  ],
};
/** Some of them break a rule. */
const readingsOf = (name: string, count = BATCH_ROWS) =>
  Array.from({ length: count }, (_, at) => ({ sensor: `${name}-${at}`, value: at < BAD_ROWS ? 1_001 : at }));
const csvOf = (rows: readonly object[]) =>
  [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))].map((line) => `${line.join(',')}\n`).join('');

const orders = {
  eventTimeColumn: 'at',
  columns: [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
  ],
};
const userOf = (at: number) => `u-${String(at).padStart(6, '0')}`;
const ordersOf = (users: number, day: 1 | 2) =>
  Array.from({ length: users }, (_, index) => ({ user: userOf(index), at: at(day), amount: day === 1 ? 0.5 : index }));
const at = (day: number) => `2026-01-0${day}T00:00:00Z`;

let nestor: LaunchedNestor;
let sources: DataSourcesClient;
let server: TestRedis;
let redis: Redis;
let api: HeldApi;
let work: DataWork;
const { applyView, createSource, createEntity } = definitionsOf(() => nestor.client);

const killWorker = () => endAndReplace(() => nestor.pidOf('worker'));

/** Whatever file readers can have is whole. */
async function expectWholeArtifacts(): Promise<void> {
  const artifacts = (await query(nestor.database, 'SELECT DISTINCT digest FROM artifacts')) as { digest: string }[];
  expect(artifacts).not.toEqual([]);
  for (const { digest } of artifacts) {
    const response = await fetch(`${nestor.client.url}/api/artifacts/${digest}`, { headers: nestor.client.key });
    const hash = createHash('sha256').update(new Uint8Array(await response.arrayBuffer()));
    expect(`sha256:${hash.digest('hex')}`).toBe(digest);
  }
}

/** The value of a feature for each entity of its view. */
async function online(view: string, feature: string): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let start = 0; start < (entitiesOf[view] ?? 0); start += ENTITIES_TOGETHER) {
    const entities = Array.from({ length: ENTITIES_TOGETHER }, (_, index) => ({ user: userOf(start + index) }));
    values.push(...(await work.online(`${view}:${feature}`, entities)));
  }
  return values;
}

/** Of users, half of them at a moment before their last order. @param moment column with the moments. */
const labels = (moment: string): Record<string, string>[] =>
  Array.from({ length: LABELS }, (_, index) => ({ user: userOf(index), [moment]: at(index % 2 === 0 ? 1 : 3) }));

const request = (moment: string): Promise<string> =>
  work.request(['newest:amount', 'rolling:sum'], csvOf(labels(moment)), moment);

async function createApiSource(name: string): Promise<void> {
  await sources.create(name, { kind: 'API', api: { url: api.url }, schema: readings, policy: 'QUARANTINE' });
}

/** Moments of work whose rows are in a table, from when a worker takes it on to when it is committed. */
function momentsOf(table: string, phases: readonly string[]): Record<string, HeldStatement> {
  const changed = (when: string, atCommit = false) => ({ table, event: 'UPDATE', when, atCommit }) as const;
  return {
    taken: changed('OLD.worker IS NULL AND NEW.worker IS NOT NULL'),
    ...Object.fromEntries(phases.map((phase) => [phase.toLowerCase(), changed(`NEW.phase = '${phase}'`)])),
    recorded: changed(`NEW.status = 'SUCCEEDED'`),
    committed: changed(`NEW.status = 'SUCCEEDED'`, true),
  };
}

describe.skipIf(process.platform !== 'linux' || !hasRedisServer())('work on data', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    api = await startHeldApi(readingsOf('api'));
    server = await startRedisServer();
    redis = new Redis(server.url);
    nestor = await LaunchedNestor.start({
      DATABASE_POOL_SIZE: '30',
      NESTOR_DATA_CONCURRENCY: '20',
      NESTOR_DATA_MEMORY_BYTES: String(256 * MIB),
      NESTOR_DATA_STREAM_ROUND_MS: '100',
      NESTOR_ONLINE_MAX_ENTITIES: String(ENTITIES_TOGETHER),
      NESTOR_OUTBOUND_PRIVATE_HOSTS: '127.0.0.1',
      NESTOR_SHUTDOWN_TIMEOUT_MS: '4000',
    });
    sources = new DataSourcesClient(nestor.client);
    work = new DataWork(nestor.client);
    await createEntity('user', [{ name: 'user', type: 'STRING' }]);
    const step = { kind: 'ROLLING', input: 'amount', statistic: 'SUM', window: { rows: 2 }, output: 'sum' };
    const sums = { features: [{ name: 'sum' }], transformation: { version: 1, steps: [step] } };
    for (const [view, count] of Object.entries(entitiesOf)) {
      await createSource(view, orders);
      const run = await sources.collect(view, csvOf([...ordersOf(count, 1), ...ordersOf(count, 2)]));
      expect(run).toMatchObject({ rowsAccepted: 2 * count });
      const more = view === 'rolling' ? sums : {};
      await applyView(view, { source: { dataSource: view }, entities: ['user'], isOnline: true, ...more });
    }
  }, 120_000);

  afterAll(async () => {
    const end = await nestor.stop();
    redis.disconnect();
    await server.stop();
    api.close();
    expect(end).toEqual({ status: 0, left: [] });
  }, 60_000);

  it('makes one snapshot of each batch, whenever its worker was killed', async () => {
    const moments: Readonly<Record<string, HeldStatement>> = {
      ...momentsOf('data_collections', ['VALIDATING', 'WRITING']),
      kept: { table: 'data_snapshots', event: 'INSERT', when: 'true' },
    };
    const held = await HeldStatements.open(nestor.database);
    const common = { schema: readings, policy: 'QUARANTINE' };
    const kinds = ['file', 'stream'] as const;
    const names = kinds.flatMap((kind) =>
      Object.keys(moments).map((moment) => ({ kind, moment, name: `${kind}-${moment}` })),
    );
    for (const { kind, moment, name } of names) {
      const stream = { kind: 'STREAM', stream: { redis: { url: server.url, stream: name }, intervalSeconds: 1 } };
      const id = await sources.create(name, { ...common, ...(kind === 'stream' && stream) });
      const statement = moments[moment];
      if (statement === undefined) throw new Error(moment);
      await held.hold({ ...statement, when: `NEW.source_id = '${id}' AND ${statement.when}` });
    }
    await createApiSource('api-read');
    const answer = api.hold();
    await sources.begin('api-read');
    for (const { kind, name } of names) {
      if (kind === 'file') await work.collect(name, csvOf(readingsOf(name)));
      else {
        const batch = redis.multi();
        for (const row of readingsOf(name)) batch.xadd(name, '*', 'sensor', row.sensor, 'value', row.value);
        await batch.exec();
      }
    }
    await held.reached(names.length);
    await until(() => api.counts.begun > 0);
    const all = [...names, { moment: 'read', name: 'api-read' }];
    for (const { name } of all) expect(await work.snapshots(name), name).toEqual([]);
    await expectWholeArtifacts();

    await killWorker();
    await held.release();
    answer();
    const whole = { version: 1, rowCount: BATCH_ROWS - BAD_ROWS, totalRowCount: BATCH_ROWS - BAD_ROWS };
    for (const { moment, name } of all) {
      await until(async () => {
        const seen = await work.snapshots(name);
        if (seen.length > 0) expect(seen, name).toEqual([whole]);
        return seen.length > 0;
      });
      expect(await work.collections(name), name).toMatchObject([
        {
          status: 'SUCCEEDED',
          attempts: moment === 'committed' ? 1 : 2,
          rowsRead: BATCH_ROWS,
          rowsAccepted: whole.rowCount,
          rowsQuarantined: BAD_ROWS,
          quarantine: expect.any(String),
          snapshotVersion: 1,
          error: null,
        },
      ]);
      expect(await sources.rows(name)).toEqual(readingsOf(name === 'api-read' ? 'api' : name).slice(BAD_ROWS));
    }
    // What was not told to Redis is told with what comes next, and does not come again.
    for (const { kind, name } of names) {
      if (kind !== 'stream') continue;
      await redis.xadd(name, '*', 'sensor', 'next', 'value', 1);
      await until(async () => (await work.snapshots(name))[0]?.version === 2);
      expect(await work.snapshots(name)).toEqual([
        { version: 2, rowCount: 1, totalRowCount: whole.rowCount + 1 },
        whole,
      ]);
      const [group] = (await redis.xinfo('GROUPS', name)) as string[][];
      await until(async () => (await redis.xpending(name, String(group?.[1])))[0] === 0);
    }
    await expectWholeArtifacts();
  });

  it('brings each entity online once, going on from where the killed worker was', async () => {
    const held = await HeldStatements.open(nestor.database);
    await held.hold({
      table: 'feature_materializations',
      event: 'UPDATE',
      when: 'OLD.entity_cursor IS NULL AND NEW.entity_cursor IS NOT NULL',
    });
    const runs = await Promise.all(
      Object.entries(entitiesOf).map(async ([view, count]) => ({
        view,
        count,
        id: await work.materialize(view, at(5)),
      })),
    );
    await held.reached(runs.length);
    await killWorker();
    await held.release();
    const killed = await Promise.all(
      runs.map(async (run) => {
        await until(async () => (await work.materialization(run.id)).rowsRead > 0);
        return { ...run, rowsRead: (await work.materialization(run.id)).rowsRead };
      }),
    );
    const [moment] = (await query(nestor.database, 'SELECT txid_current() AS id')) as { id: string }[];
    for (const { view, count } of killed) {
      // It is newer than what is still to be brought of that entity.
      const rows = [{ user: userOf(count - 1), at: at(3), amount: 7 }];
      await work.push(view, 'ONLINE', rows);
    }

    for (const { view, count, id, rowsRead } of killed) {
      expect(rowsRead).toBeLessThan(count);
      const run = await ended(() => work.materialization(id));
      expect(run, view).toMatchObject({ status: 'SUCCEEDED', attempts: 2, rowsRead: count, error: null });
      const rows = await query(
        nestor.database,
        `SELECT count(*)::int AS count, (count(*) FILTER (WHERE row.xmin::text::bigint < ${moment?.id}))::int AS untouched
         FROM online_features AS row JOIN feature_view_versions AS version ON version.id = row.view_id
         WHERE version.name = '${view}'`,
      );
      expect(rows).toEqual([{ count, untouched: rowsRead }]);
    }
    const amounts = (view: string) => Array.from({ length: (entitiesOf[view] ?? 0) - 1 }, (_, index) => index);
    expect(await online('newest', 'amount')).toEqual([...amounts('newest'), 7]);
    const sums = amounts('rolling').map((amount) => amount + 0.5);
    expect(await online('rolling', 'sum')).toEqual([...sums, sums.length + 7]);
  });

  it('makes the same file of historical features, whenever its worker was killed', async () => {
    const moments = momentsOf('historical_features_jobs', ['READING_VIEWS', 'JOINING', 'STORING']);
    const held = await HeldStatements.open(nestor.database);
    const names = Object.keys(moments);
    for (const [name, statement] of Object.entries(moments)) {
      await held.hold({ ...statement, when: `NEW.event_time_column = '${name}' AND ${statement.when}` });
    }
    const begun = await Promise.all(names.map(async (name) => ({ name, id: await request(name) })));
    await held.reached(names.length);
    for (const { id } of begun) {
      expect(await work.job(id)).toMatchObject({ artifact: null, sizeBytes: null, rowCount: null, preview: [] });
    }
    await expectWholeArtifacts();
    await killWorker();
    await held.release();
    for (const { name, id } of begun) {
      const attempts = name === 'committed' ? 1 : 2;
      const done = await ended(() => work.job(id));
      expect(done, name).toMatchObject({ status: 'SUCCEEDED', attempts, rowCount: LABELS, error: null });
      const file = await fetch(`${nestor.client.url}/api/artifacts/${done.artifact}`, { headers: nestor.client.key });
      expect(await parquetReadObjects({ file: await file.arrayBuffer(), compressors })).toEqual(
        labels(name).map((label, index) => ({
          ...label,
          [name]: new Date(label[name] ?? ''),
          ...(index % 2 === 0 ? { amount: 0.5, sum: null } : { amount: index, sum: index + 0.5 }),
        })),
      );
      // One that nobody disturbs.
      const again = await request(name);
      expect((await ended(() => work.job(again))).artifact).toBe(done.artifact);
    }
    await expectWholeArtifacts();
  });

  it('is handed back by a worker that is told to stop, and the attempt does not count', async () => {
    const held = await HeldStatements.open(nestor.database);
    await held.hold({
      table: 'feature_materializations',
      event: 'UPDATE',
      when: 'OLD.entity_cursor IS NULL AND NEW.entity_cursor IS NOT NULL',
    });
    await held.hold({ table: 'historical_features_jobs', event: 'UPDATE', when: `NEW.phase = 'JOINING'` });
    await held.hold({ table: 'inference_jobs', event: 'UPDATE', when: `NEW.status = 'SUCCEEDED'` });
    await createApiSource('api-stop');
    const answer = api.hold();
    const before = { ...api.counts };
    const collection = await sources.begin('api-stop');
    const materialized = await work.materialize('newest', at(5));
    const requested = await request('stopped');
    await nestor.client.ask(SUBMIT, { input: { model: 'iris', records: [IRIS] } });
    await held.reached(3);
    await until(() => api.counts.begun > before.begun);
    // The collection is given up first; what waits for the database learns of it once it is answered.
    const replaced = endAndReplace(() => nestor.pidOf('worker'), 'SIGTERM');
    await until(() => api.counts.left > before.left);
    await held.release();
    await replaced;
    answer();
    const numbers = { status: 'SUCCEEDED', attempts: 1, error: null };
    expect(await sources.ended(collection.id)).toMatchObject(numbers);
    expect(await ended(() => work.materialization(materialized))).toMatchObject({
      ...numbers,
      rowsRead: entitiesOf['newest'],
    });
    expect(await ended(() => work.job(requested))).toMatchObject({ ...numbers, rowCount: LABELS });
  });
});
