import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Endpoint } from '../../../common/tls/endpoint.js';
import { serverOptions, type SharedKey } from '../../../common/tls/shared-key.js';
import { parseAddress } from '../protocol/address.js';

/** Most clients of one executor over the network, those included that have not proved their key yet. */
const MAX_CONNECTIONS = 256;
/** After so long without a word the other machine is asked whether it is still there, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;

/** A server that clients can connect to. */
export interface Listening {
  readonly server: Server;
  /** Null for a Unix socket. */
  readonly port: number | null;
}

/**
 * Listens at an address and hands over connections: over the network only those that have proved the key.
 * @throws {Error} where the address is taken, or no key was given for the network.
 */
export async function listenAt(
  address: string,
  key: SharedKey | undefined,
  accept: (socket: Socket) => void,
): Promise<Listening> {
  const parsed = parseAddress(address);
  if (!('path' in parsed)) return listenOnNetwork(parsed, key, accept);
  const server = createServer(accept);
  await listening(server, parsed);
  return { server, port: null };
}

async function listenOnNetwork(
  { host, firstPort, lastPort }: Endpoint,
  key: SharedKey | undefined,
  accept: (socket: Socket) => void,
): Promise<Listening> {
  if (key === undefined) throw new Error('An executor cannot listen on the network without a key.');
  const server = createTlsServer(serverOptions(key), (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    accept(socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Who does not prove the key is cut off by Node; what it sent says nothing that could be acted upon.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  for (let port = firstPort; port <= lastPort; port += 1) {
    try {
      await listening(server, { host, port });
      const bound = server.address();
      return { server, port: typeof bound === 'object' && bound !== null ? bound.port : port };
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  throw new Error(`None of the ports ${firstPort} to ${lastPort} of ${host} is free; give executors more of them.`);
}

function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
