import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutboundHosts } from '../../../../common/outbound/outbound-hosts.js';
import { testSettings } from '../../../../../test/support/settings.js';
import { HttpSession } from './http-session.js';

/** A name service that the test commands: each host is what it says, once for each request. */
class CommandedHosts extends OutboundHosts {
  readonly asked: string[] = [];

  override async resolve(host: string, port: number) {
    this.asked.push(`${host}:${port}`);
    return super.resolve(host.endsWith('.inward.test') ? '169.254.169.254' : '127.0.0.1', port);
  }
}

let server: Server;
let port: number;
let seen: IncomingMessage[];
let hosts: CommandedHosts;
let session: HttpSession;
let abort: AbortController;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  hosts = new CommandedHosts(testSettings({ NESTOR_OUTBOUND_PRIVATE_HOSTS: '127.0.0.1' }));
  abort = new AbortController();
  session = new HttpSession(hosts, { requestTimeoutMs: 500, maxBodyBytes: 1_000 }, abort.signal);
});
afterEach(async () => {
  session.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const url = (host: string, path = '/') => new URL(`http://${host}:${port}${path}`);
const get = (from: URL) => session.get(from, from.origin, { authorization: 'canary' });

describe('a session with an API', () => {
  it('connects to the address that was checked, and to none that the name has', async () => {
    answer = (request, response) => response.end(request.headers.host);
    expect((await get(url('api.example.test'))).body.toString()).toBe(`api.example.test:${port}`);
    expect(hosts.asked).toEqual([`api.example.test:${port}`]);
  });

  it('asks for each redirect again, and follows none into a private network', async () => {
    answer = (_, response) => response.writeHead(302, { location: `http://metadata.inward.test:${port}/` }).end();
    await expect(get(url('a.test'))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect(hosts.asked).toEqual([`a.test:${port}`, `metadata.inward.test:${port}`]);
    expect(seen).toHaveLength(1);
  });

  it('sends headers to one origin alone', async () => {
    answer = (request, response) => {
      if (request.url === '/') response.writeHead(307, { location: '/same' }).end();
      else if (request.url === '/same') response.writeHead(308, { location: `http://b.test:${port}/other` }).end();
      else if (request.url === '/other') response.writeHead(301, { location: `http://a.test:${port}/back` }).end();
      else response.end();
    };
    await get(url('a.test'));
    expect(seen.map(({ url: path, headers }) => [path, headers.authorization])).toEqual([
      ['/', 'canary'],
      ['/same', 'canary'],
      ['/other', undefined],
      ['/back', 'canary'],
    ]);
  });

  it.each<[string, typeof answer, string, RegExp]>([
    [
      'redirects without end',
      (_, response) => response.writeHead(302, { location: '/' }).end(),
      'SOURCE_FAILED',
      /5 times/,
    ],
    [
      'redirects to a file',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'SOURCE_FAILED',
      /file:/,
    ],
    [
      'redirects to nowhere',
      (_, response) => response.writeHead(302, { location: 'http://[' }).end(),
      'SOURCE_FAILED',
      /no URL/,
    ],
    ['never answers', () => undefined, 'DEADLINE_EXCEEDED', /500 ms/],
    [
      'drips bytes',
      (_, response) => void setInterval(() => response.write('x'), 50).unref(),
      'DEADLINE_EXCEEDED',
      /500 ms/,
    ],
    ['answers too much', (_, response) => response.end('x'.repeat(2_000)), 'SOURCE_FAILED', /PAGE_MAX_BYTES/],
    [
      'compresses unasked',
      (_, response) => response.setHeader('content-encoding', 'gzip').end('x'),
      'SOURCE_FAILED',
      /gzip/,
    ],
    ['hangs up', (request) => request.socket.destroy(), 'SERVICE_UNAVAILABLE', /failed/],
    [
      'hangs up in the midst',
      (request, response) => {
        response.setHeader('content-length', '100');
        response.write('x', () => request.socket.destroy());
      },
      'SERVICE_UNAVAILABLE',
      /failed/,
    ],
    ['speaks no HTTP', (request) => request.socket.end('SSH-2.0-x\r\n\r\n'), 'SOURCE_FAILED', /failed/],
  ])('ends in a coded error where the API %s', async (_, behave, code, message) => {
    answer = behave;
    const failure = expect(get(url('a.test'))).rejects;
    await failure.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('is given up at once', async () => {
    answer = () => abort.abort();
    await expect(get(url('a.test'))).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(get(url('a.test'))).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
