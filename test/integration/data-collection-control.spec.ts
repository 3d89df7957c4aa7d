import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { connect } from '../support/subscriptions.js';

const CANCEL = 'mutation ($id: ID!) { cancelDataCollection(input: { id: $id }) { id status endedAt } }';
const UPDATE = `mutation ($input: UpdateDataSourceInput!) {
  updateDataSource(input: $input) { refreshIntervalSeconds nextCollectionAt } }`;
const READ = 'query ($name: String!) { dataSource(name: $name) { refreshIntervalSeconds nextCollectionAt } }';
const RUNS = `query ($source: String!) { dataCollections(source: $source, first: 100) { edges { node { status } } } }`;
const columns = [{ name: 'id', type: 'INT64' }];

let nestor: TestNestor;
let sources: DataSourcesClient;
let database: pg.Client;
let server: Server;
let origin: string;
let asked = 0;
/** While it is not answered, each collection of the API waits. */
let answer: () => Promise<void> = () => Promise.resolve();
beforeAll(async () => {
  server = createServer((_, response) => {
    asked += 1;
    void answer().then(() => response.setHeader('content-type', 'application/json').end(`[{"id":${asked}}]`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  nestor = await startTestNestor({
    redis: false,
    overrides: {
      NESTOR_JOB_SWEEP_MS: '200',
      NESTOR_DATA_SCHEDULE_MS: '100',
      NESTOR_OUTBOUND_PRIVATE_HOSTS: '127.0.0.0/8',
    },
  });
  sources = new DataSourcesClient(nestor);
  database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await nestor.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const create = (name: string, more: object = {}) =>
  sources.create(name, { kind: 'API', api: { url: `${origin}/` }, schema: { columns }, ...more });

const statuses = async (source: string) =>
  (
    await nestor.ask<{ dataCollections: { edges: { node: { status: string } }[] } }>(RUNS, { source })
  ).dataCollections.edges.map(({ node }) => node.status);

const codeOf = async (id: string) => (await nestor.send(CANCEL, { id })).errors[0]?.extensions.code;

async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}

const metric = async (name: string): Promise<number | null> => {
  const metrics = await (await fetch(`${nestor.workerManagementUrl}/metrics`)).text();
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? null : Number(line.split(' ')[1]);
};

/** A collection has ended a moment before it is counted. */
const tells = (name: string, value: number) => expect.poll(() => metric(name), { timeout: 20_000 }).toBe(value);
const took = (outcome: string) => `nestor_data_collection_duration_seconds_count{kind="FILE",outcome="${outcome}"}`;

describe('schedules of data sources', () => {
  it('collect again and again, one at a time, until they are ended', async () => {
    await create('often', { refreshIntervalSeconds: 1 });
    await until(async () => (await statuses('often')).filter((status) => status === 'SUCCEEDED').length >= 3);
    const { rows } = await database.query<{ overlaps: string; actor: string }>(
      `SELECT count(*) FILTER (WHERE other.id IS NOT NULL) AS overlaps, min(one.requested_by ->> 'kind') AS actor
       FROM data_collections one LEFT JOIN data_collections other ON one.source_id = other.source_id
         AND one.created_at < other.created_at AND other.created_at < one.ended_at`,
    );
    expect(rows).toEqual([{ overlaps: '0', actor: 'SYSTEM' }]);
    const ended = await nestor.ask(UPDATE, { input: { name: 'often', refreshIntervalSeconds: null } });
    expect(ended).toEqual({ updateDataSource: { refreshIntervalSeconds: null, nextCollectionAt: null } });
    const due = await database.query(
      "SELECT 1 FROM data_sources WHERE name = 'often' AND next_collection_at IS NOT NULL",
    );
    expect(due.rowCount).toBe(0);
  });

  it('make up for missed times once', async () => {
    await create('missed');
    await database.query(
      `UPDATE data_sources SET refresh_interval_seconds = 3600, next_collection_at = now() - interval '10 days' WHERE name = 'missed'`,
    );
    await until(async () => (await statuses('missed')).includes('SUCCEEDED'));
    const { dataSource } = await nestor.ask<{ dataSource: { nextCollectionAt: string } }>(READ, { name: 'missed' });
    expect(Date.parse(dataSource.nextCollectionAt)).toBeGreaterThan(Date.now() + 3_000_000);
    expect(await statuses('missed')).toEqual(['SUCCEEDED']);
  });

  it('are none of sources that are told their files', async () => {
    const input = { schema: { columns }, refreshIntervalSeconds: 60 };
    await expect(sources.create('told', input)).rejects.toThrow(/refreshIntervalSeconds/);
  });
});

describe('metrics of collections', () => {
  it('tell how many wait and run, what became of their rows, and how long they took', async () => {
    const required = [{ name: 'id', type: 'INT64', isNullable: false }];
    await sources.create('measured', { schema: { columns: required }, policy: 'QUARANTINE' });
    await sources.collect('measured', 'id\n1\n2\nnone\n');
    await tells(took('success'), 1);
    await tells('nestor_data_rows_read_total{kind="FILE"}', 3);
    await tells('nestor_data_rows_accepted_total{kind="FILE"}', 2);
    await tells('nestor_data_rows_quarantined_total{kind="FILE"}', 1);
    await sources.create('strict', { schema: { columns: required } });
    await sources.collect('strict', 'id\nnone\n');
    await tells(took('rejected'), 1);
    await sources.collect('strict', 'PAR1');
    await tells(took('error'), 1);
    await create('held');
    const waiting: (() => void)[] = [];
    answer = () => new Promise<void>((resolve) => waiting.push(resolve));
    const runs = [await sources.begin('held'), await sources.begin('held')];
    await tells('nestor_data_collections{status="RUNNING",kind="API"}', 1);
    await tells('nestor_data_collections{status="QUEUED",kind="API"}', 1);
    await tells('nestor_data_collections{status="RUNNING",kind="STREAM"}', 0);
    answer = () => Promise.resolve();
    for (const release of waiting) release();
    for (const { id } of runs) await sources.ended(id);
  });
});

describe('a subscriber to a collection', () => {
  it('is told what a worker does, until it has ended', async () => {
    await create('watched');
    const waiting: (() => void)[] = [];
    answer = () => new Promise<void>((resolve) => waiting.push(resolve));
    const { id } = await sources.begin('watched');
    const client = connect(nestor.url, nestor.key);
    const query = 'subscription ($id: ID!) { dataCollectionUpdated(id: $id) { status phase rowsRead } }';
    const told: { readonly status: string }[] = [];
    for await (const { data } of client.iterate<{ dataCollectionUpdated: { status: string } }>({
      query,
      variables: { id },
    })) {
      if (data) told.push(data.dataCollectionUpdated);
      await until(() => waiting.length > 0);
      answer = () => Promise.resolve();
      for (const release of waiting) release();
    }
    await client.dispose();
    expect(['QUEUED', 'RUNNING']).toContain(told[0]?.status);
    expect(told.at(-1)).toEqual({ status: 'SUCCEEDED', phase: null, rowsRead: 1 });
  });
});

describe('collections that are cancelled', () => {
  it('make nothing visible, neither while they run nor while they wait', async () => {
    await create('given-up');
    const waiting: (() => void)[] = [];
    answer = () => new Promise<void>((resolve) => waiting.push(resolve));
    const before = asked;
    const first = await sources.begin('given-up');
    const second = await sources.begin('given-up');
    await until(() => asked > before);
    expect(await nestor.ask(CANCEL, { id: second.id })).toMatchObject({
      cancelDataCollection: { status: 'CANCELLED' },
    });
    expect(await nestor.ask(CANCEL, { id: first.id })).toMatchObject({ cancelDataCollection: { status: 'CANCELLED' } });
    answer = () => Promise.resolve();
    for (const release of waiting) release();
    expect(await sources.fetch('given-up')).toMatchObject({ status: 'SUCCEEDED', snapshotVersion: 1 });
    expect(await sources.ended(first.id)).toMatchObject({ status: 'CANCELLED', snapshotVersion: null, phase: null });
    const { rows } = await database.query<{ resource_id: string }>(
      "SELECT resource_id FROM audit_events WHERE action = 'data-collection.cancel' AND outcome = 'SUCCESS' ORDER BY id",
    );
    expect(rows.map((row) => row.resource_id)).toEqual([second.id, first.id]);
  });

  it('have not ended, and are of this workspace', async () => {
    await create('ended');
    const { id } = await sources.fetch('ended');
    expect(await codeOf(id)).toBe('CONFLICT');
    expect(await codeOf('x')).toBe('NOT_FOUND');
    await database.query('UPDATE data_collections SET workspace_id = gen_random_uuid() WHERE id = $1', [id]);
    expect(await codeOf(id)).toBe('NOT_FOUND');
  });
});
