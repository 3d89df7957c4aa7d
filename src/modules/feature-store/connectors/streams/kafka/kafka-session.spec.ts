import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { testSettings } from '../../../../../../test/support/settings.js';
import { OutboundHosts } from '../../../../../common/outbound/outbound-hosts.js';
import { KafkaReader } from './kafka-reader.js';

const MIB = Buffer.alloc(1024 * 1024);
const ends: (() => void)[] = [];

/** Reads from who does with a connection what is told. */
async function readFrom(serve: (socket: Socket) => void): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  }).listen(0, '127.0.0.1');
  ends.push(() => server.close());
  await once(server, 'listening');
  const brokers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
  const signIn = { tls: false, user: null, mechanism: 'PLAIN' } as const;
  const connection = { kind: 'STREAM', system: 'KAFKA', brokers, topic: 't', intervalSeconds: 1, ...signIn } as const;
  const hosts = new OutboundHosts(testSettings({ NESTOR_OUTBOUND_PRIVATE_HOSTS: '127.0.0.1' }));
  const access = { connection, sourceId: 'x', password: null, jsonColumns: new Set<string>() };
  return new KafkaReader(hosts).read(access, null, { entries: 10, bytes: 1_000 });
}

describe('a broker', () => {
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  it('whose answer has no end is not listened to', async () => {
    const flood = (socket: Socket): void => {
      while (!socket.destroyed && socket.write(MIB));
      if (!socket.destroyed) socket.once('drain', () => flood(socket));
    };
    const reading = readFrom((socket) =>
      socket.once('data', () => {
        socket.write(Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 1]));
        flood(socket);
      }),
    );
    await expect(reading).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(/64 MiB/) as unknown,
    });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['hangs up', (socket) => socket.once('data', () => socket.destroy())],
    // Connecting ends in time; an answer is waited for ten seconds.
    ['says nothing', (socket) => socket.resume()],
  ])('that %s is one that does not answer', async (_, serve) => {
    await expect(readFrom(serve)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});
