import { isIP } from 'node:net';
import { parseEndpoint } from '../tls/endpoint.js';
import { type AddressBlock, isInBlock, parseBlock } from './address.rules.js';

/** A part of a private network that may be connected to. */
export type PrivateHost =
  | { readonly block: AddressBlock }
  /** A name or an address in lower case; the port is null where any is meant. */
  | { readonly host: string; readonly port: number | null };

const NAME = /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252})$/;

/** Reads `name`, `address`, either with `:port`, or a block such as `10.0.0.0/8`; undefined for anything else. */
export function parsePrivateHost(text: string): PrivateHost | undefined {
  if (text.includes('/')) {
    const block = parseBlock(text);
    return block && { block };
  }
  const host = text.toLowerCase();
  if (isIP(host) !== 0 || NAME.test(host)) return { host, port: null };
  const endpoint = parseEndpoint(host);
  if (endpoint === undefined || endpoint.firstPort !== endpoint.lastPort) return undefined;
  return isIP(endpoint.host) !== 0 || NAME.test(endpoint.host)
    ? { host: endpoint.host, port: endpoint.firstPort }
    : undefined;
}

/**
 * Whether an address may be connected to although it is none of the public internet.
 * @param host what was asked for, in lower case: a name that is listed may have any address.
 */
export const isListed = (list: readonly PrivateHost[], host: string, port: number, address: string): boolean =>
  list.some((entry) =>
    'block' in entry
      ? isInBlock(address, entry.block)
      : (entry.host === host || entry.host === address) && (entry.port === null || entry.port === port),
  );
