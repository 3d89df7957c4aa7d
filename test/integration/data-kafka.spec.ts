import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/kafka-broker.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const CREATE = `mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) {
  kind secretNames stream { system redis { url } kafka { brokers topic tls user mechanism } intervalSeconds } } }`;
const UPDATE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { revision } }';
const COLLECT = 'mutation ($source: String!) { collectDataSource(input: { source: $source }) { id } }';
const COLLECTIONS = `query ($source: String!) { dataCollections(source: $source) { edges { node {
  status rowsRead rowsAccepted rowsQuarantined error { code message } report { violations { rule column rows } } } } } }`;
const SNAPSHOT = `query ($source: String!) { dataSnapshot(source: $source) { isIncrement totalRowCount } }`;

interface Run {
  readonly status: string;
  readonly rowsRead: number | null;
  readonly error: { code: string; message: string } | null;
}

const schema = {
  columns: [
    { name: 'id', type: 'INT64', isNullable: false },
    { name: 'note', type: 'STRING' },
  ],
};

const values = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => `{"id": ${from + at}, "note": "ä"}`);

describe('topics of Kafka', () => {
  let nestor: TestNestor;
  const broker = new TestBroker();

  beforeAll(async () => {
    await broker.start();
    nestor = await startTestNestor({
      redis: false,
      overrides: {
        NESTOR_OUTBOUND_PRIVATE_HOSTS: '127.0.0.1',
        NESTOR_DATA_STREAM_BATCH_ROWS: '40',
        NESTOR_DATA_STREAM_ROUND_MS: '100',
        NESTOR_JOB_SWEEP_MS: '200',
        NESTOR_JOB_BACKOFF_MS: '200',
      },
    });
  });
  afterAll(async () => {
    await nestor.close();
    await broker.stop();
  });
  beforeEach(() => {
    broker.login = null;
    broker.advertised = '127.0.0.1';
  });

  const create = (name: string, { kafka = {}, ...more }: { kafka?: object; [field: string]: unknown } = {}) => {
    const stream = { intervalSeconds: 1, kafka: { brokers: [broker.address], topic: name, tls: false, ...kafka } };
    return nestor.send<{ createDataSource: object }>(CREATE, {
      input: { name, kind: 'STREAM', schema, stream, ...more },
    });
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

  it('become increments in micro-batches, from all partitions, each record once', async () => {
    broker.topics.set('plain', [values(90), [], values(10, 1_000)]);
    expect((await create('plain')).data?.createDataSource).toEqual({
      kind: 'STREAM',
      secretNames: [],
      stream: {
        system: 'KAFKA',
        redis: null,
        kafka: { brokers: [broker.address], topic: 'plain', tls: false, user: null, mechanism: 'SCRAM_SHA_512' },
        intervalSeconds: 1,
      },
    });
    await landed('plain', 100);
    expect((await runs('plain')).map(({ rowsRead }) => rowsRead)).toEqual([20, 40, 40]);
    broker.topics.get('plain')?.[1]?.push('{"id": 9007199254740993, "note": null}');
    broker.topics.get('plain')?.push(['{"id": -1, "note": null}']);
    await landed('plain', 102);
    expect(await snapshot('plain')).toMatchObject({ isIncrement: true });
  });

  it('are read on once their broker is there again', async () => {
    broker.topics.set('outage', [values(2)]);
    await broker.stop();
    await create('outage');
    while ((await runs('outage'))[0]?.error?.code !== 'SERVICE_UNAVAILABLE') await sleep(50);
    await broker.start();
    await landed('outage', 2);
  });

  it('have values that are no objects, which the policy decides about', async () => {
    broker.topics.set('odd', [['{"id": 1}', '[1]', 'x', null, '{"id": "many", "more": 1}']]);
    await create('odd');
    expect(await ended('odd', 'REJECTED')).toMatchObject({
      rowsRead: 5,
      error: { code: 'DATA_REJECTED' },
      report: {
        violations: expect.arrayContaining([
          { rule: 'EXTRA_COLUMN', column: '__not_a_json_object', rows: expect.any(Number) as number },
          { rule: 'NULL', column: 'id', rows: 3 },
          { rule: 'TYPE', column: 'id', rows: 1 },
        ]) as unknown,
      },
    });
    await nestor.ask(UPDATE, { input: { name: 'odd', policy: 'QUARANTINE' } });
    await nestor.ask(COLLECT, { source: 'odd' });
    expect(await ended('odd', 'SUCCEEDED')).toMatchObject({ rowsRead: 5, rowsAccepted: 1, rowsQuarantined: 4 });
  });

  it('may ask for a password, which is a secret', async () => {
    broker.topics.set('locked', [values(1)]);
    broker.login = 'reader\0a canary';
    const kafka = { topic: 'locked', user: 'reader', mechanism: 'PLAIN' };
    await create('wrong', { kafka, secrets: [{ name: 'password', value: 'no' }] });
    expect((await ended('wrong', 'FAILED')).error).toMatchObject({ code: 'SOURCE_FAILED' });
    await create('locked', { kafka, secrets: [{ name: 'password', value: 'a canary' }] });
    await landed('locked', 1);
  });

  it('may not lead into a private network, be it by what a broker says', async () => {
    await create('private', { kafka: { brokers: ['127.0.0.2:9092'] } });
    expect((await ended('private', 'FAILED')).error).toMatchObject({ code: 'ADDRESS_REFUSED' });
    broker.topics.set('led', [values(1)]);
    broker.advertised = '127.0.0.2';
    await create('led');
    expect((await ended('led', 'FAILED')).error).toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it('that were made anew, or are not there', async () => {
    broker.topics.set('anew', [values(5)]);
    await create('anew');
    await landed('anew', 5);
    broker.topics.set('anew', [values(1)]);
    const { error } = await ended('anew', 'FAILED');
    expect(error).toMatchObject({ code: 'SOURCE_FAILED' });
    expect(error?.message).toMatch(/ends at 1, but was read up to 5/);
    await create('missing');
    await nestor.ask(COLLECT, { source: 'missing' });
    expect(await ended('missing', 'SUCCEEDED')).toMatchObject({ rowsRead: 0 });
  });

  it.each<[string, object, RegExp]>([
    ['a broker without a port', { brokers: ['host'] }, /brokers/],
    ['no broker', { brokers: [] }, /brokers/],
    ['another topic', { topic: 'a b' }, /topic/],
  ])('are refused with %s', async (_, kafka, message) => {
    const { errors } = await create('refused', { kafka });
    expect(errors[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } });
    expect(errors[0]?.message).toMatch(message);
  });
});
