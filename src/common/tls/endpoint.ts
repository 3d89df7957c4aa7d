/** A host, and a port or a range of them. */
export interface Endpoint {
  readonly host: string;
  readonly firstPort: number;
  /** The same as the first where there is no range. */
  readonly lastPort: number;
}

const pattern = /^(?<host>\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(?<first>\d{1,5})(?:-(?<last>\d{1,5}))?$/;
const LARGEST_PORT = 65_535;

/** Reads `host:port`, `host:first-last` or `[IPv6]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const { host, first = '', last = first } = pattern.exec(text)?.groups ?? {};
  const [firstPort, lastPort] = [Number(first), Number(last)];
  if (host === undefined || firstPort > lastPort || lastPort > LARGEST_PORT) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), firstPort, lastPort };
}

/** Whether a host stands for all addresses of a machine, and so says nothing to another one. */
export const isWildcard = (host: string): boolean => host === '0.0.0.0' || /^[0:]+$/.test(host);
