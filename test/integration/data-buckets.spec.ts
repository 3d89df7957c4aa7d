import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BucketService } from '../support/bucket.js';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const UPDATE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { revision } }';
const CREATE = 'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }';
const SOURCE = `query ($name: String!) { dataSource(name: $name) {
  mode file { folder pattern bucket { endpoint region name prefix accessKeyId } } } }`;

let service: BucketService;
let nestor: TestNestor;
let sources: DataSourcesClient;
beforeAll(async () => {
  service = new BucketService();
  await service.start();
  nestor = await startTestNestor({
    redis: false,
    overrides: {
      NESTOR_OUTBOUND_PRIVATE_HOSTS: new URL(service.endpoint).host,
      NESTOR_DATA_FOLDER_SETTLE_MS: '60000',
      NESTOR_DATA_TEMPORARY_MAX_BYTES: '100000000',
      NESTOR_JOB_ATTEMPTS: '2',
      NESTOR_JOB_BACKOFF_MS: '20',
      NESTOR_JOB_SWEEP_MS: '200',
    },
  });
  sources = new DataSourcesClient(nestor);
});
afterAll(async () => {
  await nestor.close();
  await service.stop();
});
afterEach(() => {
  service.instead = undefined;
  service.beforeObject = undefined;
});

const schema = { columns: [{ name: 'id', type: 'INT64', isNullable: false }] };
const bucketOf = (prefix: string) => ({
  endpoint: service.endpoint,
  region: 'eu-test-1',
  name: service.name,
  prefix,
  accessKeyId: service.key.accessKeyId,
});
const secrets = () => [{ name: 'secretAccessKey', value: service.key.secretAccessKey }];
const create = (name: string, file: object) => sources.create(name, { schema, file, secrets: secrets() });
const ids = async (source: string) => (await sources.rows(source)).map(({ id }) => Number(id));
/** Long ago, later with each. */
let put = 0;
const store = (key: string, body: string | Buffer) => service.put(key, body, new Date((put += 1) * 1_000));

describe('objects of a bucket', () => {
  it('are collected each once, and again when they changed', async () => {
    store('once/b.csv', 'id\n3\n');
    store("once/a 1+ü'(*)!.csv", 'id\n1\n2\n');
    store('once/c.csv.gz', gzipSync('id\n99\n'));
    store('once/.hidden.csv', 'id\n99\n');
    store('once/', '');
    store('once/deeper/d.csv', 'id\n99\n');
    store('other/e.csv', 'id\n99\n');
    await create('once', { bucket: bucketOf('once/'), pattern: '*.csv' });
    expect(await nestor.ask(SOURCE, { name: 'once' })).toEqual({
      dataSource: { mode: 'APPEND', file: { folder: null, pattern: '*.csv', bucket: bucketOf('once/') } },
    });
    expect(await sources.fetch('once')).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 3, snapshotVersion: 1 });
    expect(await ids('once')).toEqual([1, 2, 3]);
    expect(await sources.fetch('once')).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 0, snapshotVersion: 1 });
    // Written again with the same content, changed, new, and too new to be whole for sure.
    store('once/b.csv', 'id\n3\n');
    store('once/d.csv', 'id\n4\n');
    service.put('once/f.csv', 'id\n99\n', new Date());
    expect(await sources.fetch('once')).toMatchObject({ rowsAccepted: 1, snapshotVersion: 2 });
    store('once/d.csv', 'id\n5\n6\n');
    expect(await sources.fetch('once')).toMatchObject({ rowsAccepted: 2, snapshotVersion: 3 });
    expect(await ids('once')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('that change or go while they are read are left to the next collection', async () => {
    store('racing/a.csv', 'id\n1\n');
    store('racing/b.csv', 'id\n2\n');
    store('racing/c.csv', 'id\n3\n');
    await create('racing', { bucket: bucketOf('racing/') });
    service.beforeObject = (key) => {
      if (key === 'racing/a.csv') store('racing/a.csv', 'id\n10\n');
      if (key === 'racing/b.csv') service.objects.delete(key);
    };
    expect(await sources.fetch('racing')).toMatchObject({ rowsAccepted: 1 });
    service.beforeObject = undefined;
    expect(await sources.fetch('racing')).toMatchObject({ rowsAccepted: 1 });
    expect(await ids('racing')).toEqual([3, 10]);
  });

  it.each<[string, object, string, RegExp]>([
    ['that is not there', { name: 'missing' }, 'SOURCE_FAILED', /404, NoSuchBucket: The specified bucket/],
    ['with another region', { region: 'eu-test-2' }, 'SOURCE_FAILED', /403, SignatureDoesNotMatch/],
    ['without a key', { accessKeyId: null }, 'SOURCE_FAILED', /403, SignatureDoesNotMatch/],
    ['in a private network', { endpoint: 'http://127.0.0.2:9000' }, 'ADDRESS_REFUSED', /NESTOR_OUTBOUND_PRIVATE_HOSTS/],
  ])('of a bucket %s end in an error that says so', async (what, change, code, message) => {
    const name = `failing-${what.replaceAll(' ', '-')}`;
    await create(name, { bucket: { ...bucketOf('once/'), ...change } });
    const { status, error, attempts } = await sources.fetch(name);
    expect([status, error?.code, attempts]).toEqual(['FAILED', code, 1]);
    expect(error?.message).toMatch(message);
    expect(JSON.stringify(error)).not.toContain(service.key.secretAccessKey);
  });

  it.each<[string, (name: string) => string, RegExp]>([
    ['something else', () => 'hello', /no listing/],
    [
      'the same page for ever',
      () => listing('true', '<NextContinuationToken>x</NextContinuationToken>'),
      /again and again/,
    ],
    ['no place of its next page', () => listing('true', ''), /not where it begins/],
    [
      'entities within entities',
      () => `<!DOCTYPE a [<!ENTITY b "bbbb">]>${listing('false', '<Contents>&b;</Contents>')}`,
      /no listing/,
    ],
  ])('of a service that answers %s end in an error', async (what, body, message) => {
    const name = `odd-${what.replaceAll(' ', '-')}`;
    await create(name, { bucket: bucketOf('once/') });
    service.instead = (_, response) => response.end(body(name));
    expect(await sources.fetch(name)).toMatchObject({ status: 'FAILED', error: { code: 'SOURCE_FAILED' } });
    expect((await sources.fetch(name)).error?.message).toMatch(message);
  });

  it('are tried again where the service is busy', async () => {
    await create('busy', { bucket: bucketOf('once/'), pattern: 'b.csv' });
    let asked = 0;
    service.instead = (_, response) => {
      asked += 1;
      service.instead = undefined;
      response.writeHead(503).end('<Error><Code>SlowDown</Code><Message>Please reduce your rate.</Message></Error>');
    };
    expect(await sources.fetch('busy')).toMatchObject({ status: 'SUCCEEDED', attempts: 2, rowsAccepted: 1 });
    expect(asked).toBe(1);
  });

  it('need their secret, and a location that can be one', async () => {
    await sources.create('secretless', { schema, file: { bucket: bucketOf('once/') } });
    expect((await sources.fetch('secretless')).error).toMatchObject({ code: 'NOT_FOUND' });
    await nestor.ask(UPDATE, { input: { name: 'secretless', secrets: secrets() } });
    expect(await sources.fetch('secretless')).toMatchObject({ status: 'SUCCEEDED' });
    const refusal = async (file: object, mode?: string) => {
      const input = { name: 'refused', kind: 'FILE', schema, file, ...(mode !== undefined && { mode }) };
      const { errors } = await nestor.send<unknown>(CREATE, { input });
      return `${String(errors?.[0]?.extensions?.['code'])} ${errors?.[0]?.message}`;
    };
    const bucket = bucketOf('once/');
    expect(await refusal({ bucket: { ...bucket, prefix: 'once' } })).toMatch(/INVALID_INPUT.*end in a slash/);
    expect(await refusal({ bucket: { ...bucket, endpoint: 'https://a:b@host' } })).toMatch(/not hold credentials/);
    expect(await refusal({ bucket: { ...bucket, endpoint: 'https://host/path' } })).toMatch(/host alone/);
    expect(await refusal({ bucket: { ...bucket, endpoint: 'ftp://host' } })).toMatch(/https:/);
    expect(await refusal({ bucket: { ...bucket, endpoint: 'host' } })).toMatch(/no URL/);
    expect(await refusal({ bucket, folder: '/data' })).toMatch(/either a folder or a bucket/);
    expect(await refusal({ bucket }, 'REPLACE')).toMatch(/APPEND/);
  });
});

const listing = (isTruncated: string, rest: string) =>
  `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${rest}</ListBucketResult>`;
