import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { hasRedisServer, startRedisServer, type TestRedis } from '../support/redis.js';

const CREATE = `mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) {
  kind mode secretNames stream { system redis { url stream } kafka { topic } intervalSeconds } } }`;
const UPDATE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { revision } }';
const COLLECT = 'mutation ($source: String!) { collectDataSource(input: { source: $source }) { id } }';
const COLLECTIONS = `query ($source: String!) { dataCollections(source: $source) { edges { node {
  status rowsRead rowsAccepted rowsQuarantined snapshotVersion error { code message }
  report { violations { rule column rows } } } } } }`;
const SNAPSHOT = `query ($source: String!) { dataSnapshot(source: $source) { version isIncrement rowCount totalRowCount } }`;

interface Run {
  readonly status: string;
  readonly rowsRead: number | null;
  readonly rowsQuarantined: number | null;
  readonly error: { code: string; message: string } | null;
}

const schema = {
  columns: [
    { name: 'sensor', type: 'STRING', isNullable: false },
    { name: 'value', type: 'FLOAT64', maximum: 100 },
  ],
};

describe.skipIf(!hasRedisServer())('streams of Redis', () => {
  let nestor: TestNestor;
  let server: TestRedis;
  let redis: Redis;
  let database: pg.Client;
  const logged: string[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
    redis = new Redis(server.url, { retryStrategy: () => 100 });
    redis.on('error', () => undefined);
    nestor = await startTestNestor({
      redis: false,
      logger: pino({ level: 'warn' }, { write: (line) => void logged.push(line) }),
      overrides: {
        NESTOR_OUTBOUND_PRIVATE_HOSTS: '127.0.0.1',
        NESTOR_DATA_STREAM_BATCH_ROWS: '40',
        NESTOR_DATA_STREAM_ROUND_MS: '100',
        NESTOR_JOB_SWEEP_MS: '200',
        NESTOR_JOB_BACKOFF_MS: '200',
      },
    });
    database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await nestor.close();
    redis.disconnect();
    await server.stop();
  });

  const connectionTo = (stream: string, more: object = {}) => ({
    stream: { redis: { url: server.url, stream }, intervalSeconds: 1, ...more },
  });
  const create = (name: string, more: object = {}) =>
    nestor.send<{ createDataSource: object }>(CREATE, {
      input: { name, kind: 'STREAM', schema, ...connectionTo(name), ...more },
    });
  const add = async (stream: string, count: number, value = '1') => {
    for (let at = 0; at < count; at += 1) await redis.xadd(stream, '*', 'sensor', `${stream}:ä${at}`, 'value', value);
  };
  const runs = async (source: string): Promise<Run[]> => {
    const answer = await nestor.ask<{ dataCollections: { edges: { node: Run }[] } }>(COLLECTIONS, { source });
    return answer.dataCollections.edges.map(({ node }) => node);
  };
  const snapshot = async (source: string) =>
    (await nestor.ask<{ dataSnapshot: { totalRowCount: number } | null }>(SNAPSHOT, { source })).dataSnapshot;
  const landed = async (source: string, rows: number) => {
    while ((await snapshot(source))?.totalRowCount !== rows) await sleep(50);
  };
  const ended = async (source: string, status: string): Promise<Run> => {
    for (;;) {
      const run = (await runs(source)).find((each) => each.status === status);
      if (run !== undefined) return run;
      await sleep(50);
    }
  };
  const group = async (name: string) => {
    const { rows } = await database.query<{ id: string }>('SELECT id FROM data_sources WHERE name = $1', [name]);
    return `nestor:${rows[0]?.id}`;
  };

  it('become increments of a snapshot in micro-batches, and are acknowledged', async () => {
    await add('plain', 100);
    expect((await create('plain')).data?.createDataSource).toEqual({
      kind: 'STREAM',
      mode: 'APPEND',
      secretNames: [],
      stream: { system: 'REDIS', redis: { url: server.url, stream: 'plain' }, kafka: null, intervalSeconds: 1 },
    });
    await landed('plain', 100);
    expect((await runs('plain')).map(({ status, rowsRead }) => [status, rowsRead])).toEqual([
      ['SUCCEEDED', 20],
      ['SUCCEEDED', 40],
      ['SUCCEEDED', 40],
    ]);
    await add('plain', 3);
    await landed('plain', 103);
    expect(await snapshot('plain')).toEqual({ version: 4, isIncrement: true, rowCount: 3, totalRowCount: 103 });
    while ((await redis.xpending('plain', await group('plain')))[0] !== 0) await sleep(20);
    const before = (await runs('plain')).length;
    await nestor.ask(COLLECT, { source: 'plain' });
    while ((await runs('plain'))[0]?.rowsRead !== 0) await sleep(50);
    expect((await runs('plain')).length).toBe(before + 1);
    expect(await snapshot('plain')).toMatchObject({ version: 4, totalRowCount: 103 });
  });

  it('are read again where an attempt had them and did not end, and not where it had only not told so', async () => {
    await create('crashed', connectionTo('crashed', { intervalSeconds: 86_400 }));
    await add('crashed', 5);
    await nestor.ask(COLLECT, { source: 'crashed' });
    await landed('crashed', 5);
    await add('crashed', 5);
    const own = await group('crashed');
    // As if a worker had been killed after it had read them.
    await redis.xreadgroup('GROUP', own, 'nestor', 'COUNT', 100, 'STREAMS', 'crashed', '>');
    await nestor.ask(COLLECT, { source: 'crashed' });
    await landed('crashed', 10);
    // As if it had been killed between its commit and telling Redis.
    await redis.xgroup('SETID', 'crashed', own, '0');
    await redis.xreadgroup('GROUP', own, 'nestor', 'COUNT', 100, 'STREAMS', 'crashed', '>');
    await add('crashed', 1);
    await nestor.ask(COLLECT, { source: 'crashed' });
    await landed('crashed', 11);
    // As if somebody had removed the group.
    await redis.xgroup('DESTROY', 'crashed', own);
    await add('crashed', 1);
    await nestor.ask(COLLECT, { source: 'crashed' });
    await landed('crashed', 12);
    while ((await redis.xpending('crashed', own))[0] !== 0) await sleep(20);
    const all = await runs('crashed');
    expect(all.reduce((sum, { rowsRead }) => sum + (rowsRead ?? 0), 0)).toBe(12);
  });

  it('are checked as other rows are: kept aside, or refused and read again after a change', async () => {
    await redis.xadd('odd', '*', 'sensor', 'a', 'value', '7');
    await redis.xadd('odd', '*', 'sensor', 'b', 'value', 'many', 'more', 'x');
    await redis.xadd('odd', '*', 'value', '7');
    await create('odd');
    const refused = await ended('odd', 'REJECTED');
    expect(refused).toMatchObject({
      rowsRead: 3,
      error: { code: 'DATA_REJECTED' },
      report: {
        violations: [
          { rule: 'EXTRA_COLUMN', column: 'more' },
          { rule: 'NULL', column: 'sensor', rows: 1 },
          { rule: 'TYPE', column: 'value', rows: 1 },
        ],
      },
    });
    await nestor.ask(UPDATE, { input: { name: 'odd', policy: 'QUARANTINE' } });
    await nestor.ask(COLLECT, { source: 'odd' });
    expect(await ended('odd', 'SUCCEEDED')).toMatchObject({ rowsRead: 3, rowsAccepted: 1, rowsQuarantined: 2 });
    expect(await snapshot('odd')).toMatchObject({ version: 1, totalRowCount: 1 });
  });

  it('are left to whoever was faster to collect them', async () => {
    await create('raced');
    await database.query('BEGIN');
    await database.query(`SELECT FROM data_sources WHERE name = 'raced' FOR NO KEY UPDATE`);
    await add('raced', 1);
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await database.query(waiting)).rowCount === 0) await sleep(20);
    await nestor.ask(COLLECT, { source: 'raced' });
    await database.query('COMMIT');
    await landed('raced', 1);
    expect(await runs('raced')).toHaveLength(1);
    expect(logged.filter((line) => line.includes('streams could not be looked at'))).toEqual([]);
  });

  it('are read from their beginning where another one is told', async () => {
    await add('first', 2);
    await add('second', 3);
    await create('moved', connectionTo('first'));
    await landed('moved', 2);
    await nestor.ask(UPDATE, { input: { name: 'moved', ...connectionTo('second') } });
    await landed('moved', 5);
  });

  it('are read on once their Redis is there again', async () => {
    await create('outage', connectionTo('outage', { intervalSeconds: 86_400 }));
    await add('outage', 2);
    await server.kill();
    await nestor.ask(COLLECT, { source: 'outage' });
    while ((await runs('outage'))[0]?.error?.code !== 'SERVICE_UNAVAILABLE') await sleep(50);
    await server.restart();
    await landed('outage', 2);
  });

  it('may ask for a password, which is a secret', async () => {
    await redis.call('ACL', 'SETUSER', 'reader', 'on', '>a canary', '~*', '+@all');
    await add('locked', 1);
    const url = server.url.replace('//', '//reader@');
    const { stream } = connectionTo('locked', { redis: { url, stream: 'locked' } });
    expect((await create('wrong', { stream, secrets: [{ name: 'password', value: 'no' }] })).errors).toEqual([]);
    const { error } = await ended('wrong', 'FAILED');
    expect(error).toMatchObject({ code: 'SOURCE_FAILED' });
    expect(error?.message).toMatch(/WRONGPASS/);
    await create('locked', { stream, secrets: [{ name: 'password', value: 'a canary' }] });
    await landed('locked', 1);
  });

  it('that are none end in an error that says so', async () => {
    await redis.set('text', 'x');
    await create('text');
    expect((await ended('text', 'FAILED')).error).toMatchObject({ code: 'SOURCE_FAILED' });
    await create('private', connectionTo('x', { redis: { url: 'redis://127.0.0.2:1', stream: 'x' } }));
    expect((await ended('private', 'FAILED')).error).toMatchObject({ code: 'ADDRESS_REFUSED' });
    // A stream that is not there yet has nothing to read.
    await create('missing');
    await nestor.ask(COLLECT, { source: 'missing' });
    expect(await ended('missing', 'SUCCEEDED')).toMatchObject({ rowsRead: 0, snapshotVersion: null });
  });

  it.each<[string, object, RegExp]>([
    ['a mode that would forget rows', { mode: 'REPLACE' }, /mode/],
    ['no connection', { stream: null }, /stream/],
    ['a password in the URL', { stream: { redis: { url: 'redis://a:b@host', stream: 'x' } } }, /password/],
    ['no system', { stream: { intervalSeconds: 1 } }, /redis or kafka/],
    ['another URL', { stream: { redis: { url: 'http://host', stream: 'x' } } }, /url/],
  ])('are refused with %s', async (_, more, message) => {
    const { errors } = await create('refused', more);
    expect(errors[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } });
    expect(errors[0]?.message).toMatch(message);
  });
});
