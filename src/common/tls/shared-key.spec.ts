import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createServer, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { clientOptions, serverOptions, type SharedKey } from './shared-key.js';

const own: SharedKey = { identity: 'executor-1', key: Buffer.alloc(32, 1) };
const strangers: SharedKey = { identity: 'executor-1', key: Buffer.alloc(32, 2) };
const sockets: Socket[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A server that knows a key, and what it heard. */
async function serve(options = serverOptions(own)): Promise<{ port: number; heard: Buffer[]; server: Server }> {
  const heard: Buffer[] = [];
  const server = createServer(options, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heard.push(chunk);
      socket.write(chunk);
    });
  });
  servers.push(server);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, heard, server };
}

function dial(port: number, options: object): TLSSocket {
  const socket = connectTls({ host: '127.0.0.1', port, ...options });
  sockets.push(socket);
  return socket;
}

async function refusalOf(socket: Socket): Promise<string> {
  const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [Error];
  return error.message;
}

describe('TLS by a shared key', () => {
  it('lets both ends talk who know it, with an ephemeral key exchange', async () => {
    const { port } = await serve();
    const socket = dial(port, clientOptions(own));
    await once(socket, 'secureConnect');
    expect(socket.getProtocol()).toBe('TLSv1.2');
    expect(socket.getCipher().name).toBe('ECDHE-PSK-CHACHA20-POLY1305');
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ type: 'ECDH' });
    socket.write('hello');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('hello');
  });

  it('refuses a client with another key or name before it is heard, and tells it nothing', async () => {
    const { port, heard } = await serve();
    for (const key of [strangers, { ...own, identity: 'executor-2' }]) {
      const socket = dial(port, clientOptions(key));
      socket.write('let me in');
      expect(await refusalOf(socket)).toMatch(/alert/);
    }
    expect(heard).toEqual([]);
  });

  it('makes a client refuse a server that does not know the key', async () => {
    const { port, heard } = await serve(serverOptions(strangers));
    const socket = dial(port, clientOptions(own));
    socket.write('a row of somebody');
    expect(await refusalOf(socket)).not.toBe('');
    expect(heard).toEqual([]);
  });

  it('knows neither certificates nor other versions', async () => {
    const { port, heard } = await serve();
    const others = [
      { rejectUnauthorized: false },
      { ...clientOptions(own), minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' },
    ];
    for (const options of others) {
      const socket = dial(port, options);
      socket.write('let me in');
      expect(await refusalOf(socket)).toMatch(/alert/);
    }
    expect(heard).toEqual([]);
  });

  it('cuts off who is silent or sends something else', async () => {
    const { port, heard } = await serve(serverOptions(own, 100));
    for (const words of ['', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x40\x00']) {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.resume();
      if (words !== '') socket.write(words);
      await once(socket, 'close');
    }
    expect(heard).toEqual([]);
  });
});
