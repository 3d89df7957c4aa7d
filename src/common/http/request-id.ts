import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a caller may send as its own request id: visible ASCII, bounded, so that it is safe in logs and headers. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** The id of a request: the caller's own where it is safe, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}
