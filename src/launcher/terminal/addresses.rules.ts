import type { Settings } from '../../common/config/settings.js';

/** A host in the form that a URL takes; an address that means "all" is reached by the loopback one. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** URL under which this machine reaches a server that listens on `host`. */
export function httpUrl(host: string, port: number, path: string): string {
  return `http://${reachableHost(host)}:${port}${path}`;
}

/** Base URL under which clients reach the api, without a slash at its end. */
export function publicUrl(settings: Pick<Settings, 'HOST' | 'PORT' | 'NESTOR_PUBLIC_URL'>): string {
  return settings.NESTOR_PUBLIC_URL?.replace(/\/+$/, '') ?? httpUrl(settings.HOST, settings.PORT, '');
}
