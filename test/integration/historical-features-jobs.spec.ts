import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { collect, until } from '../support/collections.js';
import { definitionEntities } from '../support/feature-views.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { defineSpending } from '../support/spending.js';
import { listen } from '../support/subscriptions.js';

const JOB = `id status phase attempts service { name version } features { name view viewVersion feature }
  labels { artifact snapshot { source version } } eventTimeColumn snapshots { source version }
  artifact sizeBytes rowCount preview error { code message } createdAt startedAt endedAt`;
const REQUEST = `mutation ($input: HistoricalFeaturesInput!) { requestHistoricalFeatures(input: $input) { ${JOB} } }`;
const CANCEL = `mutation ($id: ID!) { cancelHistoricalFeatures(id: $id) { ${JOB} } }`;
const READ = `query ($id: ID!) { historicalFeatures(id: $id) { ${JOB} } }`;
const LIST = `query ($filter: HistoricalFeaturesFilter, $first: Int, $after: String) {
  historicalFeaturesJobs(filter: $filter, first: $first, after: $after) {
    edges { node { id status } } pageInfo { hasNextPage endCursor } } }`;

interface Job {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly artifact: string | null;
  readonly rowCount: number | null;
  readonly labels: { readonly artifact: string | null };
  readonly preview: readonly Record<string, unknown>[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

let nestor: TestNestor;
let dataSource: DataSource;
beforeAll(async () => {
  nestor = await startTestNestor({
    redis: false,
    overrides: { NESTOR_JOB_SWEEP_MS: '200', NESTOR_DATA_MAX_ROWS: '1000' },
  });
  dataSource = await new DataSource({
    ...dataSourceOptions(nestor.settings.DATABASE_URL ?? '', 2),
    entities: definitionEntities,
  }).initialize();
  await defineSpending(nestor, dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await nestor.close();
});

async function request(input: object): Promise<Job> {
  const given = { eventTimeColumn: 'when', ...input };
  return (await nestor.ask<{ requestHistoricalFeatures: Job }>(REQUEST, { input: given })).requestHistoricalFeatures;
}

const read = async (id: string) => (await nestor.ask<{ historicalFeatures: Job }>(READ, { id })).historicalFeatures;

async function ended(id: string): Promise<Job> {
  await until(async () => !['QUEUED', 'RUNNING'].includes((await read(id)).status));
  return read(id);
}

const made = async (input: object) => ended((await request(input)).id);

async function parquet(digest: string | null): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${nestor.url}/api/artifacts/${digest}`, { headers: nestor.key });
  expect(response.status).toBe(200);
  return parquetReadObjects({ file: await response.arrayBuffer(), compressors });
}

const codeOf = async (query: string, variables: Readonly<Record<string, unknown>>, key = nestor.key) =>
  (await nestor.send(query, variables, key)).errors[0]?.extensions.code;

/** Why a job fails whose labels are this file. */
async function failed(bytes: string | Uint8Array): Promise<Job['error']> {
  const artifact = await nestor.upload(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  return (await made({ service: 'churn', labels: { artifact } })).error;
}

const put = (id: string, changes: string) =>
  dataSource.query(`UPDATE historical_features_jobs SET ${changes} WHERE id = $1`, [id]);

const rows = [
  { user: 'ann', when: '2026-01-03T12:00:00Z', basket: 0, label: 1, note: '7' },
  { user: 'ann', when: '2026-01-04', basket: 1, label: 0, note: 'x' },
  { user: 'bob', when: '2026-01-07T00:00:00.000001Z', basket: 1, label: 0, note: null },
  { user: 'cid', when: '2026-01-04', basket: null, label: 0, note: 'y' },
];
const CSV = `user,when,basket,label,note
ann,2026-01-03T12:00:00Z,0,1,7
ann,2026-01-04,1,0,x
bob,2026-01-07T00:00:00.000001Z,1,0,
cid,2026-01-04,,0,y
`;

describe('historical features', () => {
  it('are joined to rows point in time, with those of on-demand views, under the names of the service', async () => {
    const job = await made({ service: 'churn', labels: { rows } });
    expect(job).toMatchObject({
      status: 'SUCCEEDED',
      phase: null,
      attempts: 1,
      service: { name: 'churn', version: 1 },
      features: [
        { name: 'spent', view: 'spending', viewVersion: 1, feature: 'recent' },
        { name: 'logBasket', view: 'basket', viewVersion: 1, feature: 'logBasket' },
        { name: 'last', view: 'spending', viewVersion: 1, feature: 'amount' },
        { name: 'again', view: 'basket', viewVersion: 1, feature: 'recent' },
      ],
      eventTimeColumn: 'when',
      labels: { snapshot: null },
      snapshots: [{ source: 'purchases', version: 1 }],
      rowCount: 4,
      error: null,
    });
    const features = [
      // The second purchase was not known by then.
      { spent: 10, logBasket: 0, last: 10, again: 10 },
      { spent: 30, logBasket: Math.log1p(1), last: 20, again: 30 },
      // Older than the TTL by a microsecond.
      { spent: null, logBasket: Math.log1p(1), last: null, again: null },
      { spent: null, logBasket: null, last: null, again: null },
    ];
    expect(await parquet(job.artifact)).toEqual(
      rows.map((row, at) => ({
        ...row,
        label: BigInt(row.label),
        basket: row.basket,
        when: new Date(row.when.replace('001Z', 'Z')),
        ...features[at],
      })),
    );
    expect(job.preview[1]).toEqual({
      basket: 1,
      label: 0,
      note: 'x',
      user: 'ann',
      when: '2026-01-04T00:00:00.000Z',
      ...features[1],
    });
    expect(await parquet(job.artifact)).toHaveLength(4);
  });

  it('tell a subscriber how far they are, until they are there', async () => {
    const { id } = await request({ service: 'churn', labels: { rows } });
    const query = `subscription ($id: ID!) { told: historicalFeaturesUpdated(id: $id) { ${JOB} } }`;
    const { data, errors } = await listen<{ told: Job }>(nestor.url, query, { id }, nestor.key);
    expect(errors).toEqual([]);
    expect(data.at(-1)?.told).toEqual(await read(id));
    expect(data.at(-1)?.told).toMatchObject({ status: 'SUCCEEDED', rowCount: 4 });
  });

  it('are the same file for the same request, and of the same rows from any format', async () => {
    const [one, two] = [
      await made({ service: 'churn', labels: { rows } }),
      await made({ service: 'churn', labels: { rows } }),
    ];
    expect(two).toMatchObject({ artifact: one.artifact, labels: one.labels });
    expect(two.id).not.toBe(one.id);
    const fromCsv = await made({ service: 'churn', labels: { artifact: await nestor.upload(Buffer.from(CSV)) } });
    const names = Object.keys(one.preview[0] ?? {}).sort();
    const sorted = (row: Record<string, unknown>) => names.map((name) => row[name]);
    expect((await parquet(fromCsv.artifact)).map(sorted)).toEqual((await parquet(one.artifact)).map(sorted));
    // The result is Parquet of labels, so that it can be labels again.
    const again = await made({
      features: ['spending:recent'],
      labels: { artifact: one.artifact },
      fullFeatureNames: true,
    });
    expect(again.preview.map((row) => [row['spent'], row['spending__recent']])).toEqual([
      [10, 10],
      [30, 30],
      [null, null],
      [null, null],
    ]);
  });

  it('can be had for the rows of a source, at a version of it', async () => {
    await collect(nestor, 'churned', ['user:STRING', 'when:TIMESTAMP'], 'user,when\nann,2026-01-05\n');
    await collect(nestor, 'churned', ['user:STRING', 'when:TIMESTAMP'], 'user,when\nann,2026-01-01\nbob,2026-01-02\n');
    const features = ['spending:amount', 'spending@1:recent'];
    expect(await made({ features, labels: { source: 'churned' } })).toMatchObject({
      service: null,
      labels: { artifact: null, snapshot: { source: 'churned', version: 2 } },
      preview: [
        { user: 'ann', when: '2026-01-01T00:00:00.000Z', amount: 10, recent: 10 },
        { user: 'bob', when: '2026-01-02T00:00:00.000Z', amount: 5, recent: 5 },
      ],
    });
    expect((await made({ features, labels: { source: 'churned', sourceVersion: 1 } })).preview).toEqual([
      { user: 'ann', when: '2026-01-05T00:00:00.000Z', amount: 40, recent: 60 },
    ]);
  });

  const good = { user: 'ann', when: '2026-01-03' };
  it.each<[string, object, string, RegExp]>([
    [
      'a missing column',
      { labels: { rows: [{ user: 'ann' }] } },
      'INVALID_INPUT',
      /no column "when"; they have "user"/,
    ],
    [
      'no moment',
      { labels: { rows: [good, { user: 'ann', when: null }] } },
      'INVALID_INPUT',
      /Row 2 .*"when" is missing/,
    ],
    [
      'something else as a moment',
      { labels: { rows: [{ ...good, when: 'soon' }] } },
      'INVALID_INPUT',
      /is no TIMESTAMP/,
    ],
    ['an infinite moment', { labels: { rows: [good, { ...good, when: 'infinity' }] } }, 'INVALID_INPUT', /Row 2/],
    [
      'a moment in the future',
      { labels: { rows: [{ ...good, when: '2999-01-01' }] } },
      'INVALID_INPUT',
      /in the future/,
    ],
    [
      'a column of the same name',
      { labels: { rows: [{ ...good, Amount: 1 }] } },
      'INVALID_INPUT',
      /two columns "amount"/,
    ],
    ['a name of ours', { labels: { rows: [{ ...good, __row: 1 }] } }, 'INVALID_INPUT', /"__row"/],
    ['too many rows', { labels: { rows: Array.from({ length: 1_001 }, () => good) } }, 'INVALID_INPUT', /allows 1000/],
    ['a key as the moment', { labels: { rows: [good] }, eventTimeColumn: 'user' }, 'CONFLICT', /needs it as STRING/],
  ])('are refused for labels with %s', async (_, input, code, message) => {
    const job = await made({ features: ['spending:amount'], ...input });
    expect(job).toMatchObject({ status: 'FAILED', attempts: 1, artifact: null, rowCount: null, preview: [] });
    expect(job.error?.code).toBe(code);
    expect(job.error?.message).toMatch(message);
  });

  it('are joined to labels whose other columns have names and values of any kind', async () => {
    const odd = { 'a"b\\c': 1, "it's/a~b": 'x\0', '$.*': true };
    const job = await made({
      service: 'churn',
      labels: { rows: [{ user: 'ann', when: '-280000-01-01', basket: 1, ...odd }] },
    });
    expect(job).toMatchObject({ status: 'SUCCEEDED', error: null });
    expect(job.preview[0]).toMatchObject({ user: 'ann', when: expect.stringMatching(/^-\d{16}$/) as string, ...odd });
  });

  it('are refused for files that are broken or hold other types', async () => {
    expect(await failed('user,when,basket\nann,2026-01-03\n')).toMatchObject({ code: 'INVALID_FILE' });
    expect(await failed('PAR1 nothing PAR1')).toMatchObject({ code: 'INVALID_FILE' });
    expect(await failed('user,when,basket\n')).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await failed('user,when,basket\nann,2026-01-03,much\nann,2026-01-03,\nann,2026-01-03,more\n')).toEqual({
      code: 'INVALID_INPUT',
      message: 'Row 1 of the labels: "basket" is no FLOAT64. So it is in 2 rows.',
    });
  });

  it.each<[string, object, string]>([
    ['neither service nor features', { labels: { rows } }, 'INVALID_INPUT'],
    ['no labels', { service: 'churn', labels: {} }, 'INVALID_INPUT'],
    ['two kinds of labels', { service: 'churn', labels: { rows, source: 'churned' } }, 'INVALID_INPUT'],
    ['no rows', { service: 'churn', labels: { rows: [] } }, 'INVALID_INPUT'],
    ['an unknown service', { service: 'gone', labels: { rows } }, 'NOT_FOUND'],
    ['an unknown version of a service', { service: 'churn', serviceVersion: 7, labels: { rows } }, 'NOT_FOUND'],
    ['an unknown view', { features: ['gone:x'], labels: { rows } }, 'NOT_FOUND'],
    ['an unknown feature', { features: ['spending:x'], labels: { rows } }, 'NOT_FOUND'],
    ['a feature twice', { features: ['spending:amount', 'spending@1:amount'], labels: { rows } }, 'INVALID_INPUT'],
    ['an unknown source', { service: 'churn', labels: { source: 'gone' } }, 'NOT_FOUND'],
    ['an unknown snapshot', { service: 'churn', labels: { source: 'purchases', sourceVersion: 9 } }, 'NOT_FOUND'],
    ['an unknown file', { service: 'churn', labels: { artifact: `sha256:${'0'.repeat(64)}` } }, 'ARTIFACT_NOT_FOUND'],
  ])('are refused at once with %s', async (_, input, code) => {
    expect(await codeOf(REQUEST, { input: { eventTimeColumn: 'when', ...input } })).toBe(code);
  });

  it('are listed, also by what they were made of, and each request is audited', async () => {
    const { id } = await made({ features: ['spending:amount'], labels: { source: 'churned', sourceVersion: 1 } });
    type Page = { edges: { node: { id: string } }[]; pageInfo: { endCursor: string; hasNextPage: boolean } };
    const list = async (filter: object | null, more: object = {}) =>
      (await nestor.ask<{ historicalFeaturesJobs: Page }>(LIST, { filter, ...more })).historicalFeaturesJobs;
    const ids = async (filter: object | null) => (await list(filter)).edges.map(({ node }) => node.id);
    expect((await ids({ status: ['SUCCEEDED'] }))[0]).toBe(id);
    expect(await ids({ status: ['RUNNING'] })).toEqual([]);
    for (const filter of [
      { source: 'churned', sourceVersion: 1 },
      { source: 'purchases', sourceVersion: 1 },
      { view: 'spending' },
      { source: 'purchases', view: 'spending', viewVersion: 1 },
    ]) {
      expect(await ids(filter)).toContain(id);
    }
    expect(await ids({ source: 'churned', sourceVersion: 2 })).not.toContain(id);
    expect(await ids({ view: 'basket' })).not.toContain(id);
    expect(await codeOf(LIST, { filter: { view: 'gone' } })).toBe('NOT_FOUND');
    const first = await list(null, { first: 1 });
    const second = await list(null, { first: 1, after: first.pageInfo.endCursor });
    expect(first.edges[0]?.node.id).toBe(id);
    expect(second.edges).toHaveLength(1);
    expect(second.edges[0]?.node.id).not.toBe(id);
    const audited: { action: string }[] = await dataSource.query(
      "SELECT action FROM audit_events WHERE resource_type = 'historical-features' AND resource_id = $1 ORDER BY id",
      [id],
    );
    expect(audited.map(({ action }) => action)).toEqual(['historical-features.request', 'historical-features.make']);
  });

  it('are told with the snapshots and views that they were made of', async () => {
    const { id } = await made({ features: ['spending:amount'], labels: { source: 'churned', sourceVersion: 1 } });
    const made20 = 'historicalFeatures { id status }';
    type Used = { historicalFeatures: { id: string }[] };
    const asked = await nestor.ask<{ snapshot: Used; other: Used; view: Used; onDemand: Used }>(`{
      snapshot: dataSnapshot(source: "churned", version: 1) { ${made20} }
      other: dataSnapshot(source: "churned", version: 2) { ${made20} }
      view: featureView(name: "spending") { ${made20} }
      onDemand: featureView(name: "basket") { ${made20} } }`);
    expect(asked.snapshot.historicalFeatures[0]).toEqual({ id, status: 'SUCCEEDED' });
    expect(asked.view.historicalFeatures[0]).toEqual({ id, status: 'SUCCEEDED' });
    for (const { historicalFeatures } of [asked.other, asked.onDemand]) {
      expect(historicalFeatures.length).toBeGreaterThan(0);
      expect(historicalFeatures.map((job) => job.id)).not.toContain(id);
    }
  });

  it('keep the snapshots that they were made of', async () => {
    await expect(dataSource.query('DELETE FROM data_snapshots WHERE version = 1')).rejects.toThrow(
      'data_usages_snapshot_fkey',
    );
  });

  it('need the permission to read data, and are of one workspace', async () => {
    const { createApiKey } = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "other", permissions: [AUDIT_READ] }) { key } }',
    );
    const other = { 'x-api-key': createApiKey.key };
    const input = { service: 'churn', labels: { rows }, eventTimeColumn: 'when' };
    expect(await codeOf(REQUEST, { input }, other)).toBe('FORBIDDEN');
    const { id } = await made({ service: 'churn', labels: { rows } });
    await dataSource.query('UPDATE historical_features_jobs SET workspace_id = gen_random_uuid() WHERE id = $1', [id]);
    expect(await nestor.ask(READ, { id })).toEqual({ historicalFeatures: null });
    expect(await nestor.ask(READ, { id: 'x' })).toEqual({ historicalFeatures: null });
    expect(await codeOf(CANCEL, { id })).toBe('NOT_FOUND');
  });
});

describe('jobs of historical features', () => {
  const lost =
    "status = 'RUNNING', worker = 'gone', lease_until = now() - interval '1 s', ended_at = NULL, result = NULL";

  it('are taken from a worker that is gone, and make the same file', async () => {
    const done = await made({ service: 'churn', labels: { rows } });
    await put(done.id, lost);
    expect(await ended(done.id)).toMatchObject({ status: 'SUCCEEDED', attempts: 2, artifact: done.artifact });
    await put(done.id, `${lost}, attempts = max_attempts`);
    expect(await ended(done.id)).toMatchObject({ status: 'FAILED', error: { code: 'EXECUTOR_LOST' }, artifact: null });
  });

  it('can be cancelled until they have ended, and then keep no snapshot', async () => {
    const done = await made({ service: 'churn', labels: { rows } });
    expect(await codeOf(CANCEL, { id: done.id })).toBe('CONFLICT');
    await put(
      done.id,
      "status = 'RUNNING', worker = 'busy', lease_until = now() + interval '1 h', ended_at = NULL, result = NULL",
    );
    for (const _ of ['once', 'twice']) {
      const { cancelHistoricalFeatures } = await nestor.ask<{ cancelHistoricalFeatures: Job }>(CANCEL, { id: done.id });
      expect(cancelHistoricalFeatures).toMatchObject({ status: 'CANCELLED', artifact: null });
    }
    await until(async () => {
      const usages: unknown[] = await dataSource.query('SELECT 1 FROM data_usages WHERE used_by = $1', [done.id]);
      return usages.length === 0;
    });
    expect(await codeOf(CANCEL, { id: 'x' })).toBe('NOT_FOUND');
  });
});
