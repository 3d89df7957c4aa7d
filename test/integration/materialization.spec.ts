import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import type { FeatureViewDefinition } from '../../src/modules/feature-store/definitions/feature-view.js';
import type { FeatureViewRecord } from '../../src/modules/feature-store/definitions/feature-view.repository.js';
import { definitionEntities, Definitions, featuresOf, stepsOf } from '../support/feature-views.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { listen } from '../support/subscriptions.js';

const RUN = `id view version kind from to status attempts snapshots { version } rowsRead rowsWritten error { code message }`;
const FULL = `mutation ($input: MaterializeFeatureViewInput!) { materializeFeatureView(input: $input) { ${RUN} } }`;
const INCREMENTAL = `mutation ($input: MaterializeFeatureViewIncrementalInput!) {
  materializeFeatureViewIncremental(input: $input) { ${RUN} } }`;
const CANCEL = `mutation ($id: ID!) { cancelFeatureMaterialization(input: { id: $id }) { ${RUN} } }`;
const READ = `query ($id: ID!) { featureMaterialization(id: $id) { ${RUN} } }`;
const LIST = `query ($view: String!, $after: String) { featureMaterializations(view: $view, first: 1, after: $after) {
  edges { node { id } } pageInfo { hasNextPage endCursor } } }`;
const ONLINE = `query ($input: OnlineFeaturesInput!) { onlineFeatures(input: $input) {
  service serviceVersion features { name view viewVersion feature type values statuses eventTimes } } }`;
const CREATE_SOURCE = 'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }';
const COLLECT = `mutation ($source: String!, $artifact: ID!) {
  collectDataSource(input: { source: $source, artifact: $artifact }) { id } }`;
const COLLECTION = 'query ($id: ID!) { dataCollection(id: $id) { status error { message } } }';

interface Run {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly from: string | null;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly snapshots: { version: number }[] | null;
}

interface Column {
  readonly values: unknown[];
  readonly statuses: string[];
  readonly eventTimes: (number | null)[];
}

const columns = [
  { name: 'user', type: 'STRING' },
  { name: 'at', type: 'TIMESTAMP' },
  { name: 'amount', type: 'FLOAT64' },
];
const at = (day: number) => `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`;
const timeOf = (day: number) => Date.parse(at(day));

const csvOf = (...rows: readonly (readonly [string, number, number | ''])[]) =>
  `user,at,amount\n${rows.map(([user, day, amount]) => `${user},${at(day)},${amount}`).join('\n')}\n`;

describe.each([
  ['PostgreSQL', false],
  ['Redis', true],
])('materialization to %s', (_, redis) => {
  let nestor: TestNestor;
  let dataSource: DataSource;
  let definitions: Definitions;
  beforeAll(async () => {
    nestor = await startTestNestor({ redis, overrides: { NESTOR_JOB_SWEEP_MS: '200' } });
    const options = { ...dataSourceOptions(nestor.settings.DATABASE_URL ?? '', 3), entities: definitionEntities };
    dataSource = await new DataSource(options).initialize();
    const [workspace] = await dataSource.query<{ workspace_id: string }[]>('SELECT workspace_id FROM api_keys');
    definitions = new Definitions(dataSource, workspace?.workspace_id ?? '');
  });
  afterAll(async () => {
    await dataSource.destroy();
    await nestor.close();
  });

  async function collect(source: string, csv: string): Promise<void> {
    const artifact = await nestor.upload(Buffer.from(csv));
    const { collectDataSource: run } = await nestor.ask<{ collectDataSource: { id: string } }>(COLLECT, {
      source,
      artifact,
    });
    for (;;) {
      const { dataCollection } = await nestor.ask<{ dataCollection: { status: string } }>(COLLECTION, { id: run.id });
      if (dataCollection.status === 'SUCCEEDED') return;
      expect(dataCollection).toMatchObject({ status: expect.stringMatching(/QUEUED|RUNNING/) });
      await sleep(20);
    }
  }

  /** A source with rows, and a view of it. */
  async function viewOf(
    name: string,
    csv: string,
    changes: Partial<FeatureViewDefinition> = {},
  ): Promise<FeatureViewRecord> {
    const input = { name, kind: 'FILE', mode: 'APPEND', schema: { columns } };
    await nestor.ask(CREATE_SOURCE, { input });
    const [row] = await dataSource.query<{ id: string }[]>('SELECT id FROM data_sources WHERE name = $1', [name]);
    await collect(name, csv);
    return definitions.view(name, { source: { kind: 'DATA_SOURCE', sourceId: row?.id ?? '', name }, ...changes });
  }

  const full = async (view: string, input: object = {}): Promise<Run> =>
    (await nestor.ask<{ materializeFeatureView: Run }>(FULL, { input: { view, ...input } })).materializeFeatureView;

  const incremental = async (view: string, input: object = {}): Promise<Run> =>
    (await nestor.ask<{ materializeFeatureViewIncremental: Run }>(INCREMENTAL, { input: { view, ...input } }))
      .materializeFeatureViewIncremental;

  const read = async (id: string): Promise<Run> => {
    const { featureMaterialization } = await nestor.ask<{ featureMaterialization: Run | null }>(READ, { id });
    if (featureMaterialization === null) throw new Error('The materialization is gone.');
    return featureMaterialization;
  };

  async function ended({ id }: Run): Promise<Run> {
    for (;;) {
      const run = await read(id);
      if (!['QUEUED', 'RUNNING'].includes(run.status)) return run;
      await sleep(20);
    }
  }

  async function online(view: string, users: readonly string[], feature = 'amount'): Promise<Column> {
    const input = { features: [`${view}:${feature}`], entities: users.map((user) => ({ user })) };
    const { onlineFeatures } = await nestor.ask<{ onlineFeatures: { features: Column[] } }>(ONLINE, { input });
    const [column] = onlineFeatures.features;
    if (column === undefined) throw new Error('No feature was read.');
    return column;
  }

  const codeOf = async (query: string, variables: Readonly<Record<string, unknown>>, key = nestor.key) =>
    (await nestor.send(query, variables, key)).errors[0]?.extensions.code;

  it('brings entities whose keys hold any character', async () => {
    await viewOf('any-key', csvOf(['a\0b', 1, 1], ['é:|', 1, 2], ['e\u0301:|', 1, 3]));
    expect(await ended(await full('any-key'))).toMatchObject({ status: 'SUCCEEDED', rowsWritten: 3, error: null });
    expect(await online('any-key', ['a\0b', 'é:|', 'e\u0301:|'])).toMatchObject({ values: [1, 2, 3] });
  });

  it('brings of each entity the newest row of the interval', async () => {
    await viewOf(
      'newest',
      csvOf(['ann', 1, 1], ['ann', 3, 3], ['ann', 2, 2], ['bob', 2, ''], ['cid', 9, 9], ['ann', 3, 4]),
    );
    const run = await ended(await full('newest', { to: at(5) }));
    expect(run).toMatchObject({
      kind: 'FULL',
      status: 'SUCCEEDED',
      attempts: 1,
      from: null,
      rowsRead: 2,
      rowsWritten: 2,
      snapshots: [{ version: 1 }],
      error: null,
    });
    expect(await online('newest', ['ann', 'bob', 'cid'])).toMatchObject({
      values: [4, null, null],
      statuses: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND'],
      eventTimes: [timeOf(3), timeOf(2), null],
    });
    // What is newer stays.
    expect(await ended(await full('newest', { from: at(1), to: at(2) }))).toMatchObject({
      rowsRead: 2,
      rowsWritten: 1,
    });
    expect(await online('newest', ['ann', 'bob'])).toMatchObject({ values: [4, null] });
  });

  it('tells a subscriber how far it has come, until it has ended', async () => {
    await viewOf('watched', csvOf(['ann', 1, 1], ['bob', 2, 2]));
    const { id } = await full('watched');
    const query = `subscription ($id: ID!) { told: featureMaterializationUpdated(id: $id) { ${RUN} } }`;
    const { data, errors } = await listen<{ told: Run }>(nestor.url, query, { id }, nestor.key);
    expect(errors).toEqual([]);
    expect(data.at(-1)?.told).toEqual(await read(id));
    expect(data.at(-1)?.told).toMatchObject({ status: 'SUCCEEDED', rowsRead: 2, rowsWritten: 2 });
  });

  it('goes on where it came to, when it is incremental', async () => {
    const view = await viewOf('grows', csvOf(['ann', 1, 1], ['bob', 4, 4]));
    expect(await ended(await incremental('grows'))).toMatchObject({ kind: 'INCREMENTAL', from: null, rowsRead: 2 });
    await collect('grows', csvOf(['ann', 2, 2], ['bob', 4, 5], ['cid', 6, 6]));
    // The row of ann came late; that of the same moment as the newest did not.
    expect(await ended(await incremental('grows'))).toMatchObject({
      from: new Date(timeOf(4)).toISOString(),
      rowsRead: 2,
      snapshots: [{ version: 1 }, { version: 2 }],
    });
    expect((await online('grows', ['ann', 'bob', 'cid'])).values).toEqual([1, 5, 6]);
    expect(await ended(await full('grows'))).toMatchObject({ rowsRead: 3 });
    expect((await online('grows', ['ann'])).values).toEqual([2]);
    // Another version has rows and a mark of its own.
    const second = await definitions.view('grows', { ...view, ttlMs: 1 });
    expect(second.version).toBe(2);
    expect(await ended(await incremental('grows', { to: at(3) }))).toMatchObject({
      version: 2,
      from: null,
      rowsRead: 1,
    });
    expect((await ended(await full('grows', { from: at(6) }))).rowsRead).toBe(1);
    expect(await ended(await incremental('grows'))).toMatchObject({
      from: new Date(timeOf(2)).toISOString(),
      rowsRead: 3,
    });
    while ((await online('grows', ['ann'])).statuses[0] !== 'OUTSIDE_MAX_AGE') await sleep(20);
  });

  it('learns, transforms, and keeps what windows look back at', async () => {
    const transformation = stepsOf(
      { kind: 'ROLLING', input: 'amount', statistic: 'SUM', window: { rows: 2 }, minimumPeriods: 1, output: 'sum' },
      { kind: 'STANDARD_SCALER', input: 'amount', output: 'scaled' },
    );
    const features = featuresOf({ name: 'sum', type: 'FLOAT64' }, { name: 'scaled', type: 'FLOAT64' });
    await viewOf('windows', csvOf(['ann', 1, 1], ['ann', 2, 2], ['ann', 3, 3], ['bob', 2, 6]), {
      transformation,
      features,
    });
    expect(await ended(await full('windows', { from: at(3) }))).toMatchObject({ status: 'SUCCEEDED', rowsRead: 1 });
    expect((await online('windows', ['ann', 'bob'], 'sum')).values).toEqual([5, null]);
    expect(await ended(await full('windows'))).toMatchObject({ rowsRead: 2, rowsWritten: 1 });
    expect((await online('windows', ['ann', 'bob'], 'sum')).values).toEqual([5, 6]);
    expect((await online('windows', ['ann', 'bob'], 'scaled')).values).toEqual([0, 3 / Math.sqrt(3.5)]);
  });

  it('ends right although its worker is lost in the middle, and begins where it was', async () => {
    const rows = Array.from({ length: 5_000 }, (__, index) => [`user ${index}`, 1 + (index % 20), index] as const);
    await viewOf('lost', csvOf(...rows));
    const run = await ended(await full('lost'));
    expect(run).toMatchObject({ status: 'SUCCEEDED', rowsRead: 5_000, rowsWritten: 5_000 });
    await collect('lost', csvOf(['user 9', 30, -1]));
    // As a worker leaves it that dies when the users up to "user 4" are written; the rest was not.
    const view = await definitions.views.find(definitions.workspaceId, 'lost');
    const lost = await definitions.view('lost', { ...view });
    await dataSource.query(
      `UPDATE feature_materializations SET status = 'RUNNING', worker = 'gone', ended_at = NULL, view_version_id = $2,
         lease_until = now() - interval '1 s', entity_cursor = '["user 4"]', rows_read = 7, rows_written = 7
       WHERE id = $1`,
      [run.id, lost.id],
    );
    expect(await ended(run)).toMatchObject({ status: 'SUCCEEDED', attempts: 2, snapshots: [{ version: 1 }] });
    expect((await online('lost', ['user 3', 'user 4', 'user 40', 'user 9'])).values).toEqual([null, null, 40, 9]);
    const after = rows.filter(([user]) => user > 'user 4').length;
    expect(await read(run.id)).toMatchObject({ rowsRead: 7 + after, rowsWritten: 7 + after });
  });

  it('can be cancelled, runs one at a time of a view, and is listed', async () => {
    const view = await viewOf('busy', csvOf(['ann', 1, 1]));
    const first = await ended(await full('busy'));
    await dataSource.query(
      `UPDATE feature_materializations SET status = 'RUNNING', worker = 'slow', ended_at = NULL,
         lease_until = now() + interval '1 h' WHERE id = $1`,
      [first.id],
    );
    const second = await full('busy');
    await sleep(500);
    expect(await read(second.id)).toMatchObject({ status: 'QUEUED' });
    const cancelled = await nestor.ask<{ cancelFeatureMaterialization: Run }>(CANCEL, { id: first.id });
    expect(cancelled.cancelFeatureMaterialization).toMatchObject({ status: 'CANCELLED' });
    expect(await ended(second)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await codeOf(CANCEL, { id: second.id })).toBe('CONFLICT');
    expect(await codeOf(CANCEL, { id: view.id })).toBe('NOT_FOUND');
    interface List {
      featureMaterializations: { edges: { node: { id: string } }[]; pageInfo: { endCursor: string } };
    }
    const page = (await nestor.ask<List>(LIST, { view: 'busy' })).featureMaterializations;
    const after = page.pageInfo.endCursor;
    const rest = (await nestor.ask<List>(LIST, { view: 'busy', after })).featureMaterializations;
    expect([...page.edges, ...rest.edges].map(({ node }) => node.id)).toEqual([second.id, first.id]);
  });

  it('is refused where there is nothing that could be online', async () => {
    const offline = await definitions.view('offline', { isOnline: false });
    expect(await codeOf(FULL, { input: { view: 'nothing' } })).toBe('NOT_FOUND');
    expect(await codeOf(FULL, { input: { view: 'newest', version: 7 } })).toBe('NOT_FOUND');
    expect(await codeOf(FULL, { input: { view: 'newest', from: at(2), to: at(1) } })).toBe('INVALID_INPUT');
    expect(await codeOf(INCREMENTAL, { input: { view: offline.name } })).toBe('CONFLICT');
    const source = { kind: 'REQUEST', fields: [{ name: 'price', type: 'FLOAT64' }], features: [] } as const;
    await definitions.view('asked', { source, entities: [], keys: [], eventTime: null });
    expect(await codeOf(FULL, { input: { view: 'asked' } })).toBe('CONFLICT');
    expect(await nestor.ask(READ, { id: 'x' })).toEqual({ featureMaterialization: null });
    const empty = await definitions.view('empty');
    await dataSource.query('UPDATE data_sources SET snapshot_version = 0 WHERE name = $1', ['busy']);
    expect(await ended(await full(empty.name))).toMatchObject({ status: 'FAILED', error: { code: 'NOT_FOUND' } });
    expect(await ended(await full('busy'))).toMatchObject({ status: 'FAILED', error: { code: 'CONFLICT' } });
    const { createApiKey } = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "reader", permissions: [DATA_READ] }) { key } }',
    );
    const reader = { 'x-api-key': createApiKey.key };
    expect(await codeOf(FULL, { input: { view: 'newest' } }, reader)).toBe('FORBIDDEN');
    const input = { features: ['newest:amount'], entities: [{ user: 'ann' }], service: 'both' };
    expect(await codeOf(ONLINE, { input }, reader)).toBe('INVALID_INPUT');
  });
});
