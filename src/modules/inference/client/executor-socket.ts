import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { clientOptions, type SharedKey } from '../../../common/tls/shared-key.js';
import { parseAddress } from '../protocol/address.js';

/** After so long without a word the other machine is asked whether it is still there, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;

/** @returns what proves this process to an executor, and the executor to it. */
export type KeyOf = (executor: string) => SharedKey;

/**
 * Connects to an executor.
 * @param onOpen called when it can be written to: over the network once both ends have proved that they know the key.
 */
export function openSocket(executor: string, address: string, keyOf: KeyOf | undefined, onOpen: () => void): Socket {
  const parsed = parseAddress(address);
  if ('path' in parsed) return connect(parsed, onOpen);
  if (keyOf === undefined) throw new Error('An executor on the network cannot be reached without a key.');
  const { host, firstPort: port } = parsed;
  const socket = connectTls({ ...clientOptions(keyOf(executor)), host, port }, onOpen);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}
