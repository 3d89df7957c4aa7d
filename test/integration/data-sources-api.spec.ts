import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const CREATE = `mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) {
  kind secretNames api { url headers { name value secret } records pagination { style parameter pointer first }
    watermark { column overlap parameter } } } }`;

type Behaviour = (url: URL, response: ServerResponse, request: IncomingMessage) => unknown;

let nestor: TestNestor;
let sources: DataSourcesClient;
let server: Server;
let origin: string;
let seen: { readonly url: string; readonly authorization: string | undefined }[];
const behaviours = new Map<string, Behaviour>();
beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin);
    seen.push({ url: url.pathname + url.search, authorization: request.headers.authorization });
    behaviours.get(url.pathname)?.(url, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  seen = [];
  nestor = await startTestNestor({
    redis: false,
    overrides: {
      NESTOR_JOB_SWEEP_MS: '200',
      NESTOR_JOB_BACKOFF_MS: '20',
      NESTOR_JOB_ATTEMPTS: '2',
      NESTOR_DATA_MAX_ROWS: '500',
      NESTOR_SOURCE_REQUEST_TIMEOUT_MS: '700',
      NESTOR_SOURCE_PAGE_MAX_BYTES: '20000',
      NESTOR_SOURCE_MAX_PAGES: '20',
      NESTOR_SOURCE_MAX_BYTES: '60000',
      NESTOR_OUTBOUND_PRIVATE_HOSTS: `127.0.0.1:${port}`,
    },
  });
  sources = new DataSourcesClient(nestor);
});
afterAll(async () => {
  await nestor.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

const columns = [
  { name: 'id', type: 'INT64' },
  { name: 'name', type: 'STRING' },
];

const inputOf = (name: string, api: object, more: object = {}) => ({
  name,
  kind: 'API',
  api: { url: `${origin}/${name}`, ...api },
  schema: { columns },
  ...more,
});

async function create(name: string, behave: Behaviour, api: object = {}, more: object = {}): Promise<void> {
  behaviours.set(`/${name}`, behave);
  seen = [];
  await sources.create(name, inputOf(name, api, more));
}

const ids = async (source: string) => (await sources.rows(source)).map(({ id }) => Number(id));

const recordsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: first + at, name: `n${first + at}` }));

/** Three pages of ten. */
const pageOf = (number: number) => (number < 3 ? recordsFrom(number * 10, 10) : []);

const endless = (response: ServerResponse, next: unknown) => json(response, { items: recordsFrom(1, 1), next });

describe('APIs', () => {
  it('are read with headers from secrets, and numbers as they are written', async () => {
    const secrets = [{ name: 'token', value: 'Bearer canary' }];
    const headers = [
      { name: 'Authorization', secret: 'token' },
      { name: 'X-Plain', value: 'plain' },
    ];
    behaviours.set('/whole', (_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
        .end('{"data":{"a/b":[{"id":9007199254740993,"name":"漢 \\"x\\"","more":{"a":1.50}},{"id":2,"name":null}]}}'),
    );
    seen = [];
    const input = inputOf('whole', { headers, records: '/data/a~1b' }, { secrets, policy: 'WARN' });
    const { createDataSource } = await nestor.ask<{ createDataSource: object }>(CREATE, { input });
    expect(createDataSource).toEqual({
      kind: 'API',
      secretNames: ['token'],
      api: {
        url: `${origin}/whole`,
        headers: [
          { name: 'Authorization', value: null, secret: 'token' },
          { name: 'X-Plain', value: 'plain', secret: null },
        ],
        records: '/data/a~1b',
        pagination: null,
        watermark: null,
      },
    });
    expect(await sources.fetch('whole')).toMatchObject({
      status: 'SUCCEEDED',
      rowsAccepted: 2,
      report: { violations: [{ rule: 'EXTRA_COLUMN', column: 'more' }] },
    });
    expect(seen).toEqual([{ url: '/whole', authorization: 'Bearer canary' }]);
    expect(await sources.rows('whole')).toEqual([
      { id: 9007199254740993n, name: '漢 "x"' },
      { id: 2n, name: null },
    ]);
    const database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
    await database.connect();
    const stored = await database.query(
      'SELECT row_to_json(s)::text FROM data_sources s UNION ALL SELECT row_to_json(c)::text FROM data_collections c',
    );
    await database.end();
    expect(JSON.stringify(stored.rows)).not.toContain('canary');
  });

  it('are followed by a cursor, by numbers, and by links', async () => {
    await create(
      'cursor',
      (url, response) => {
        const at = Number(url.searchParams.get('after') ?? 0);
        json(response, { items: pageOf(at), next: at === 2 ? null : at + 1 });
      },
      { records: '/items', pagination: { style: 'CURSOR', pointer: '/next', parameter: 'after' } },
    );
    await create(
      'cursor-url',
      (url, response) => {
        const at = Number(url.searchParams.get('p') ?? 0);
        json(response, { items: pageOf(at), ...(at < 2 && { next: `?p=${at + 1}` }) });
      },
      { records: '/items', pagination: { style: 'CURSOR', pointer: '/next' } },
    );
    await create('page', (url, response) => json(response, pageOf(Number(url.searchParams.get('n')))), {
      url: `${origin}/page?size=10`,
      pagination: { style: 'PAGE', parameter: 'n', first: 0 },
    });
    await create(
      'link',
      (url, response) => {
        const at = Number(url.searchParams.get('p') ?? 0);
        const lines = pageOf(at).map((record) => JSON.stringify(record));
        const link = at < 2 ? { link: `</link?p=${at + 1}>; rel="next"` } : {};
        response.writeHead(200, { 'content-type': 'application/x-ndjson', ...link }).end(`${lines.join('\n')}\n\n`);
      },
      { pagination: { style: 'LINK' } },
    );
    for (const name of ['cursor', 'cursor-url', 'page', 'link']) {
      expect(await sources.fetch(name)).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 30 });
      expect(await ids(name)).toEqual(recordsFrom(0, 30).map(({ id }) => id));
    }
    expect(seen.map(({ url }) => url)).toContain('/page?size=10&n=3');
  });

  it('are read step by step', async () => {
    const all = [
      { id: 1, at: '2026-01-01T10:00:00Z' },
      { id: 2, at: '2026-01-01T10:00:00Z' },
    ];
    const behave: Behaviour = (url, response) => {
      const since = url.searchParams.get('since') ?? '';
      json(
        response,
        all.filter(({ at }) => since === '' || Date.parse(at) >= Date.parse(since)),
      );
    };
    const schema = { columns: [columns[0], { name: 'at', type: 'TIMESTAMP' }] };
    for (const [name, overlap] of [
      ['since', 0],
      ['since-overlap', 60],
    ] as const) {
      const watermark = { column: 'at', parameter: 'since', overlap };
      await create(name, behave, { watermark }, { schema, mode: 'APPEND' });
      await sources.fetch(name);
    }
    all.push(
      { id: 3, at: '2026-01-01T10:00:00Z' },
      { id: 4, at: '2026-01-01T09:59:30Z' },
      { id: 5, at: '2026-01-02T00:00:00Z' },
    );
    seen = [];
    expect(await sources.fetch('since')).toMatchObject({ rowsAccepted: 2, snapshotVersion: 2 });
    expect(await sources.fetch('since-overlap')).toMatchObject({ rowsAccepted: 3 });
    expect(seen.map(({ url }) => decodeURIComponent(url))).toEqual([
      '/since?since=2026-01-01T10:00:00Z',
      '/since-overlap?since=2026-01-01T09:59:00.000000Z',
    ]);
    expect(await sources.fetch('since')).toMatchObject({ rowsAccepted: 0, isUnchanged: true, snapshotVersion: 2 });
    expect(await ids('since-overlap')).toEqual([1, 2, 3, 4, 5]);
  });

  it('are asked again when they fail in passing, and not before they say', async () => {
    const moments: number[] = [];
    await create('busy', (_, response) => {
      moments.push(performance.now());
      if (moments.length === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else if (moments.length === 2) response.writeHead(503).end();
      else json(response, recordsFrom(1, 1));
    });
    expect(await sources.fetch('busy')).toMatchObject({ status: 'SUCCEEDED', attempts: 1 });
    expect((moments[1] ?? 0) - (moments[0] ?? 0)).toBeGreaterThan(990);
  });

  const byCursor = { records: '/items', pagination: { style: 'CURSOR', pointer: '/next', parameter: 'after' } };
  const byNumber = { pagination: { style: 'PAGE', parameter: 'n' } };

  it.each<[string, Behaviour, object, string, RegExp]>([
    ['an error for ever', (_, response) => response.writeHead(500).end(), {}, 'SERVICE_UNAVAILABLE', /status 500/],
    ['no such page', (_, response) => response.writeHead(404).end(), {}, 'SOURCE_FAILED', /status 404/],
    ['refused credentials', (_, response) => response.writeHead(401).end(), {}, 'SOURCE_FAILED', /credentials/],
    [
      'another content type',
      (_, response) => response.setHeader('content-type', 'text/html').end('<p>'),
      {},
      'SOURCE_FAILED',
      /text\/html/,
    ],
    [
      'broken JSON in mid-page',
      (_, response) => response.setHeader('content-type', 'application/json').end('[{"id":1},{"id":'),
      {},
      'SOURCE_FAILED',
      /JSON is broken/,
    ],
    [
      'broken NDJSON',
      (_, response) => response.setHeader('content-type', 'application/jsonl').end('{"id":1}\n{"id":2},{"id":3}\n'),
      {},
      'SOURCE_FAILED',
      /no JSON object/,
    ],
    [
      'another encoding',
      (_, response) =>
        response.setHeader('content-type', 'application/json').end(Buffer.from('[{"id":"\xfc"}]', 'latin1')),
      {},
      'SOURCE_FAILED',
      /UTF-8/,
    ],
    [
      'no list',
      (_, response) => json(response, { items: 1 }),
      { records: '/items' },
      'SOURCE_FAILED',
      /no list of records at \/items/,
    ],
    ['a list of others', (_, response) => json(response, [{ id: 1 }, 2]), {}, 'SOURCE_FAILED', /no JSON object/],
    ['nothing', (_, response) => json(response, []), {}, 'SOURCE_FAILED', /no records/],
    [
      'too many records',
      (_, response) => json(response, recordsFrom(1, 501)),
      {},
      'SOURCE_FAILED',
      /NESTOR_DATA_MAX_ROWS/,
    ],
    [
      'a page that is too large',
      (_, response) => json(response, [{ name: 'x'.repeat(30_000) }]),
      {},
      'SOURCE_FAILED',
      /PAGE_MAX_BYTES/,
    ],
    [
      'a cursor that loops',
      (url, response) => endless(response, url.searchParams.get('after') === 'a' ? 'b' : 'a'),
      byCursor,
      'SOURCE_FAILED',
      /leads back/,
    ],
    [
      'a cursor that never ends',
      (_, response) => endless(response, Math.random()),
      byCursor,
      'SOURCE_FAILED',
      /NESTOR_SOURCE_MAX_PAGES/,
    ],
    [
      'numbers that are ignored',
      (_, response) => json(response, recordsFrom(1, 2)),
      byNumber,
      'SOURCE_FAILED',
      /same as the one before/,
    ],
    [
      'pages that are too much together',
      (url, response) => json(response, [{ id: 1, name: url.search.padEnd(15_000) }]),
      byNumber,
      'SOURCE_FAILED',
      /NESTOR_SOURCE_MAX_BYTES/,
    ],
    [
      'a redirect inward',
      (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
      {},
      'ADDRESS_REFUSED',
      /169\.254/,
    ],
    [
      'a link inward',
      (_, response) => json(response, recordsFrom(1, 1), { link: '<http://[::1]:5432/>; rel="next"' }),
      { pagination: { style: 'LINK' } },
      'ADDRESS_REFUSED',
      /5432/,
    ],
    [
      'bytes that drip',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 100);
        response.once('close', () => clearInterval(timer));
      },
      {},
      'DEADLINE_EXCEEDED',
      /700 ms/,
    ],
    ['a decimal address', () => undefined, { url: 'http://2130706433/' }, 'ADDRESS_REFUSED', /127\.0\.0\.1/],
    [
      'a secret that is not there',
      () => undefined,
      { headers: [{ name: 'x', secret: 'missing' }] },
      'NOT_FOUND',
      /no secret missing/,
    ],
  ])('end in a coded error with %s', async (what, behave, api, code, message) => {
    const name = what.replaceAll(' ', '-');
    await create(name, behave, api, { policy: 'WARN' });
    const run = await sources.fetch(name);
    expect(run).toMatchObject({ status: 'FAILED', snapshotVersion: null, error: { code } });
    expect(run.error?.message).toMatch(message);
  });

  it.each<[string, object, RegExp]>([
    ['a url of another kind', { url: 'ftp://x.org' }, /https/],
    ['no url', { url: 'x' }, /cannot be read/],
    ['credentials in the url', { url: 'https://me:secret@x.org' }, /credentials/],
    ['a fragment', { url: 'https://x.org/#a' }, /fragment/],
    ['a pointer that is none', { url: 'https://x.org', records: 'items' }, /JSON Pointer/],
    [
      'a header of the connection',
      { url: 'https://x.org', headers: [{ name: 'Host', value: 'x' }] },
      /Host cannot be set/,
    ],
    [
      'a header with a line break',
      { url: 'https://x.org', headers: [{ name: 'x', value: 'a\r\nb' }] },
      /cannot be sent/,
    ],
    ['a header without a value', { url: 'https://x.org', headers: [{ name: 'x' }] }, /either a value or a secret/],
    ['a header of no name', { url: 'https://x.org', headers: [{ name: 'a b', value: '' }] }, /name of a header/],
    ['a cursor nowhere', { url: 'https://x.org', pagination: { style: 'CURSOR' } }, /needs a pointer/],
    ['numbers without a parameter', { url: 'https://x.org', pagination: { style: 'PAGE' } }, /needs a parameter/],
    ['links with a parameter', { url: 'https://x.org', pagination: { style: 'LINK', parameter: 'a' } }, /no parameter/],
    ['links with a first page', { url: 'https://x.org', pagination: { style: 'LINK', first: 1 } }, /no first page/],
    ['links with a pointer', { url: 'https://x.org', pagination: { style: 'LINK', pointer: '/a' } }, /no pointer/],
  ])('are refused with %s', async (_, api, message) => {
    const { errors } = await nestor.send(CREATE, { input: { name: 'refused', kind: 'API', api, schema: { columns } } });
    expect(errors[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } });
    expect(errors[0]?.message).toMatch(message);
  });
});
