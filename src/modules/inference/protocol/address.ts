import type { ListenOptions, NetConnectOpts } from 'node:net';

/**
 * Where an executor listens: `unix:/path/to.sock`, or `tcp://host:port`.
 * @throws {Error} for anything else.
 */
export function parseAddress(address: string): NetConnectOpts & ListenOptions {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'tcp:' || url.port === '') {
    throw new Error(`The executor address ${JSON.stringify(address)} is neither unix:/path nor tcp://host:port.`);
  }
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port) };
}
