/** A host in the form that a URL takes; an address that means "all" is reached by the loopback one. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

export function httpUrl(host: string, port: number, path: string): string {
  return `http://${reachableHost(host)}:${port}${path}`;
}
