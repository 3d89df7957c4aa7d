import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { BROKEN, openLoad } from './open-loop.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function load(listener: RequestListener, phases = [{ perSecond: 500, seconds: 0.04 }]) {
  const server = createServer((request, response) => {
    request.resume().once('end', () => listener(request, response));
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return openLoad({ url, headers: {}, body: '{}', expects: 'right', phases });
}

describe('openLoad', () => {
  it('sends what is due while nothing is answered', async () => {
    const waiting: (() => void)[] = [];
    const arrivals = await load((_request, response) => {
      waiting.push(() => response.end('right'));
      // The first answer comes when all are there: a closed loop would wait for ever.
      if (waiting.length === 20) for (const answer of waiting) answer();
    });
    expect(arrivals).toHaveLength(20);
    expect(arrivals.every(({ status }) => status === 200)).toBe(true);
  });

  it('keeps one phase after the other, each at its rate', async () => {
    const arrivals = await load(
      (_request, response) => response.end('right'),
      [
        { perSecond: 100, seconds: 0.05 },
        { perSecond: 1_000, seconds: 0.01 },
      ],
    );
    expect(arrivals.map(({ phase }) => phase)).toEqual([...Array<number>(5).fill(0), ...Array<number>(10).fill(1)]);
    expect(arrivals.map(({ dueAt }) => dueAt).slice(3, 8)).toEqual([30, 40, 50, 51, 52]);
    expect(arrivals.every(({ dueAt, sentAt, endedAt }) => dueAt <= sentAt && sentAt < endedAt)).toBe(true);
  });

  it('reads answers in pieces, and takes a refusal for an answer', async () => {
    const arrivals = await load((_request, response) => {
      response.writeHead(503, { 'content-length': 10, connection: 'close' });
      response.write('later');
      setTimeout(() => response.end('later'), 5);
    });
    expect(new Set(arrivals.map(({ status }) => status))).toEqual(new Set([503]));
  });

  it('tells that an answer was not the right one', async () => {
    await expect(load((_request, response) => response.end('wrong'))).rejects.toThrow('not the right one');
  });

  it('counts a connection that broke', async () => {
    const arrivals = await load((request) => request.socket.end());
    expect(new Set(arrivals.map(({ status }) => status))).toEqual(new Set([BROKEN]));
  });
});
