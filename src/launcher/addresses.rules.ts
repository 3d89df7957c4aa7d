import type { Settings } from '../common/config/settings.js';

/** `http://host:port` under which this machine reaches a server that listens on `host`. */
export function localUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Base URL under which clients reach the api, without a slash at its end. */
export function publicUrl(settings: Pick<Settings, 'HOST' | 'PORT' | 'NESTOR_PUBLIC_URL'>): string {
  return settings.NESTOR_PUBLIC_URL?.replace(/\/+$/, '') ?? localUrl(settings.HOST, settings.PORT);
}
