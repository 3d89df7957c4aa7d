import type { IncomingHttpHeaders } from 'node:http';
import { CodedError } from '../../../../common/errors/coded-error.js';

/** Statuses that pass (RFC 9110, RFC 6585, RFC 8470); all others that are no success are here to stay. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** @throws {CodedError} where the status tells of no page: SERVICE_UNAVAILABLE for those that pass, or SOURCE_FAILED. */
export function checkStatus(status: number, headers: IncomingHttpHeaders, host: string, now: Date): void {
  if (status === 200) return;
  const retryAfterMs = retryAfter(headers['retry-after'], now);
  throw new CodedError(
    passing.has(status) ? 'SERVICE_UNAVAILABLE' : 'SOURCE_FAILED',
    `${host} answers with status ${status}${status === 401 || status === 403 ? ': the credentials are missing or refused' : ''}.`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** Milliseconds of `Retry-After`: seconds, or a date. */
export function retryAfter(text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now.getTime());
}

export type PageFormat = 'JSON' | 'NDJSON';

const ndjsonTypes = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
]);

/** @throws {CodedError} SOURCE_FAILED for a type that is neither. */
export function pageFormatOf(contentType: string | undefined, host: string): PageFormat {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (ndjsonTypes.has(type)) return 'NDJSON';
  if (type === 'application/json' || /^[a-z]+\/[^\s]+\+json$/.test(type)) return 'JSON';
  throw new CodedError(
    'SOURCE_FAILED',
    `${host} answers ${type === '' ? 'without a content type' : type.slice(0, 100)}, and neither JSON nor NDJSON.`,
  );
}

/** The target of `rel="next"` in a header `Link` (RFC 8288). */
export function nextLink(header: string | string[] | undefined): string | undefined {
  const text = [header ?? []].flat().join(', ');
  for (const [, target, parameters = ''] of text.matchAll(
    /<([^<>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^",;\s]*))?)*)/g,
  )) {
    const [, quotedRelations, relations] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]*))/i.exec(parameters) ?? [];
    if ((quotedRelations ?? relations ?? '').toLowerCase().split(/\s+/).includes('next')) return target;
  }
  return undefined;
}
