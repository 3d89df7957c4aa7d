import { type Endpoint, parseEndpoint } from '../../../common/tls/endpoint.js';

/** Where an executor listens: on a Unix socket, or on the first port of a range that is free. */
export type Address = { readonly path: string } | Endpoint;

const TLS = 'tls://';

/**
 * Reads `unix:/path/to.sock`, `tls://host:port` or `tls://host:first-last`.
 * @throws {Error} for anything else.
 */
export function parseAddress(address: string): Address {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  const endpoint = address.startsWith(TLS) ? parseEndpoint(address.slice(TLS.length)) : undefined;
  if (endpoint !== undefined) return endpoint;
  throw new Error(`The executor address ${JSON.stringify(address)} is neither unix:/path nor tls://host:port.`);
}
