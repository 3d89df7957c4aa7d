import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadSettings } from '../config/settings.js';
import { CodedError } from '../errors/coded-error.js';
import { FrontDoor, type JsonPostHandler } from './front-door.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const echo: JsonPostHandler['answer'] = async (post, json) => {
  await sleep(1);
  return { status: 200, body: JSON.stringify({ by: 'door', json, ip: post.ip, id: post.id }) };
};

const echoUnlessUnwanted: JsonPostHandler['answer'] = async (post, json) => {
  await sleep(5);
  return JSON.stringify(json).includes('no thanks') ? undefined : echo(post, json);
};

const headOf = (length: number) =>
  `POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** A server whose framework says that it answered, and with what body. */
async function serve(
  answer: JsonPostHandler['answer'] = echo,
  environment: Record<string, string> = {},
  refuse?: JsonPostHandler['refuse'],
) {
  const report = vi.fn();
  const door = new FrontDoor(loadSettings(environment), report);
  door.open((url) => (url === '/echo' ? { answer, ...(refuse && { refuse }) } : undefined));
  const framework = vi.fn((request: IncomingMessage) => text(request));
  const server = createServer(
    door.inFrontOf((request, response) => {
      void framework(request).then((body) => response.end(JSON.stringify({ by: 'framework', body })));
    }),
  );
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { door, port, report, framework, url: `http://127.0.0.1:${port}/echo` };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const post = async (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { method: 'POST', body, headers: { ...JSON_TYPE, ...headers } });
  return { status: response.status, headers: response.headers, body: await response.json() };
};

describe('FrontDoor', () => {
  it('answers a plain post, with the headers that every answer has', async () => {
    const { url, framework } = await serve();
    const answer = await post(url, '{"a":[1]}', { 'x-request-id': 'mine-1' });
    expect(answer).toMatchObject({
      status: 200,
      body: { by: 'door', json: { a: [1] }, ip: '127.0.0.1', id: 'mine-1' },
    });
    const named = ['x-request-id', 'content-type', 'x-content-type-options'].map((name) => answer.headers.get(name));
    expect(named).toEqual(['mine-1', 'application/json; charset=utf-8', 'nosniff']);
    expect(framework).not.toHaveBeenCalled();
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>, Record<string, string>]>([
    ['another type', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, {}],
    ['what is not JSON', '{"a":', {}, {}],
    ['a key that may change a prototype', '{"__proto__":{}}', {}, {}],
    ['such a key in disguise', String.raw`{"\u005f_proto__":{}}`, {}, {}],
    ['a compressed body', new Uint8Array(gzipSync('{}')), { 'content-encoding': 'gzip' }, {}],
    ['another site', '{}', { origin: 'https://evil.example.com' }, {}],
    [
      'an origin whose right is to be checked',
      '{}',
      { origin: 'https://a.example' },
      { NESTOR_CORS_ORIGINS: 'https://a.example' },
    ],
    ['the word of a proxy', '{}', { 'x-forwarded-for': '10.0.0.1' }, { NESTOR_TRUST_PROXY: 'true' }],
    ['more than is allowed', JSON.stringify('x'.repeat(2_000)), {}, { NESTOR_BODY_MAX_BYTES: '1024' }],
  ])('leaves %s to the framework, body included', async (_what, body, headers, environment) => {
    const { url } = await serve(echo, environment);
    const answer = await post(url, body, headers);
    expect(answer.body).toEqual({ by: 'framework', body: Buffer.from(body).toString() });
  });

  it('leaves other methods, paths and bodies of unknown length to the framework', async () => {
    const { url, port } = await serve();
    expect(await (await fetch(url)).json()).toEqual({ by: 'framework', body: '' });
    expect((await post(`${url}/other`, '{}')).body).toMatchObject({ by: 'framework' });
    const request = httpRequest({ port, path: '/echo', method: 'POST', headers: JSON_TYPE });
    request.write('{"a":');
    request.end('1}');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(JSON.parse(await text(response))).toEqual({ by: 'framework', body: '{"a":1}' });
  });

  it('gives back what its handler does not want, however the body arrived, and takes the next on the connection', async () => {
    const { port } = await serve(echoUnlessUnwanted);
    const socket = connect(port, '127.0.0.1');
    const answers: string[] = [];
    socket.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
    for (const part of [headOf(14), '"no th', 'an', 'ks..']) {
      socket.write(part);
      await sleep(10);
    }
    socket.write('."');
    // The second is sent before the first is answered.
    socket.write(`${headOf(2)}{}`);
    await vi.waitFor(() => expect(answers.join('')).toContain('"by":"door"'));
    expect(answers.join('')).toMatch(/"by":"framework","body":"\\"no thanks[.]{3}\\""[^]*"by":"door","json":\{\}/);
    socket.destroy();
  });

  it('closes connections once it is closed, and takes no more', async () => {
    const { door, url } = await serve(async (given, json) => {
      door.close();
      return echo(given, json);
    });
    const last = await post(url, '{}');
    expect([last.body, last.headers.get('connection')]).toMatchObject([{ by: 'door' }, 'close']);
    expect((await post(url, '{}')).body).toMatchObject({ by: 'framework' });
  });

  it('tells of errors by their code, and nothing of those that have none', async () => {
    const coded = await serve(() => Promise.reject(new CodedError('OVERLOADED', 'Full.')));
    expect(await post(coded.url, '{}')).toMatchObject({
      status: 503,
      body: { error: { code: 'OVERLOADED', message: 'Full.' } },
    });
    const strange = await serve(() => Promise.reject(new Error('password is hunter2')));
    const answer = await post(strange.url, '{}');
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL_SERVER_ERROR' } } });
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    expect(strange.report).toHaveBeenCalledOnce();
  });

  it('refuses before it reads, and takes the next on the connection', async () => {
    const refusals = [{ status: 503, body: '{"full":true}', headers: { 'retry-after': '1' } }];
    const { port } = await serve(echo, {}, () => refusals.shift());
    const socket = connect(port, '127.0.0.1');
    let answers = '';
    socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
    socket.write(`${headOf(10)}12345`);
    await vi.waitFor(() => expect(answers).toMatch(/503 .*retry-after: 1.*\{"full":true\}$/s));
    socket.write(`67890${headOf(2)}{}`);
    await vi.waitFor(() => expect(answers).toContain('"by":"door","json":{}'));
    socket.destroy();
  });

  it('forgets a client that leaves before its body has come', async () => {
    const handler = vi.fn(echo);
    const { port, url } = await serve(handler);
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"a"');
    await sleep(20);
    socket.destroy();
    expect((await post(url, '{}')).body).toMatchObject({ by: 'door' });
    expect(handler).toHaveBeenCalledOnce();
  });
});
