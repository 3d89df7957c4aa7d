import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { backoffDelay } from '../../../../common/queue/attempt.rules.js';
import type { ApiConnection } from '../../sources/connections/api-connection.js';
import { checkStatus, nextLink, type PageFormat, pageFormatOf } from './api-answer.rules.js';
import type { ReadPage } from './api-page.js';
import type { HttpAnswer, HttpHeaders, HttpSession } from './http-session.js';

/** Attempts for one page; what fails beyond is a matter of the collection's attempts. */
const ATTEMPTS = 3;

/** Longest wait between two of them, in milliseconds; who asks for more is asked again by another attempt of the collection. */
const MAX_WAIT_MS = 30_000;

export interface PageLimits {
  readonly maxPages: number;
  readonly maxBytes: number;
  readonly backoffMs: number;
}

/** Takes a page in, and says what it brought. */
export type PageTaker = (body: Buffer, format: PageFormat) => Promise<ReadPage>;

/**
 * Follows the pages of an API from a URL to the last one.
 * @throws {CodedError} as {@link HttpSession.get}, and SOURCE_FAILED for pages without end.
 */
export async function followPages(
  session: HttpSession,
  { pagination }: ApiConnection,
  start: URL,
  headers: HttpHeaders,
  limits: PageLimits,
  signal: AbortSignal,
  take: PageTaker,
): Promise<void> {
  const asked = new Set<string>();
  let bytes = 0;
  let previous: string | null = null;
  let number = pagination?.first ?? 0;
  let next: URL | null =
    pagination?.style === 'PAGE' ? withParameter(start, pagination.parameter, String(number)) : start;
  while (next !== null) {
    if (asked.has(next.href)) throw endless(start, 'one page leads back to an earlier one');
    if (asked.size === limits.maxPages)
      throw endless(start, `there are more than the ${limits.maxPages} pages that NESTOR_SOURCE_MAX_PAGES allows`);
    asked.add(next.href);
    const answer: HttpAnswer = await patiently(limits.backoffMs, signal, () =>
      page(session, next ?? start, start.origin, headers),
    );
    bytes += answer.body.length;
    if (bytes > limits.maxBytes)
      throw endless(start, `its pages have more than the ${limits.maxBytes} bytes that NESTOR_SOURCE_MAX_BYTES allows`);
    const { records, cursor } = await take(answer.body, pageFormatOf(answer.headers['content-type'], answer.url.host));
    switch (pagination?.style) {
      case 'PAGE': {
        const digest = createHash('sha256').update(answer.body).digest('base64');
        if (records > 0 && digest === previous) throw endless(start, `page ${number} is the same as the one before`);
        previous = digest;
        number += 1;
        next = records === 0 ? null : withParameter(start, pagination.parameter, String(number));
        break;
      }
      case 'CURSOR':
        if (cursor === null) next = null;
        else
          next =
            pagination.parameter === null
              ? linked(answer.url, cursor)
              : withParameter(start, pagination.parameter, cursor);
        break;
      case 'LINK': {
        const link = nextLink(answer.headers.link);
        next = link === undefined ? null : linked(answer.url, link);
        break;
      }
      default:
        next = null;
    }
  }
}

async function page(session: HttpSession, url: URL, origin: string, headers: HttpHeaders): Promise<HttpAnswer> {
  const answer = await session.get(url, origin, headers);
  checkStatus(answer.status, answer.headers, answer.url.host, new Date());
  return answer;
}

/** Asks again what fails in passing, not before the API said so. */
async function patiently<Result>(backoffMs: number, signal: AbortSignal, ask: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const isPassing =
        error instanceof CodedError && (error.code === 'SERVICE_UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED');
      if (!isPassing || attempt === ATTEMPTS) throw error;
      const wait = Math.max(error.retryAfterMs ?? 0, backoffDelay(attempt, backoffMs, Math.random()));
      if (wait > MAX_WAIT_MS) throw error;
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }
}

function withParameter(url: URL, parameter: string | null, value: string): URL {
  const changed = new URL(url);
  if (parameter !== null) changed.searchParams.set(parameter, value);
  return changed;
}

function linked(from: URL, target: string): URL {
  const url = URL.canParse(target, from.href) ? new URL(target, from) : null;
  if (url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && from.protocol === 'http:')))
    return url;
  throw new CodedError('SOURCE_FAILED', `${from.host} leads to a next page that is no URL of its kind.`);
}

const endless = (url: URL, what: string): CodedError =>
  new CodedError('SOURCE_FAILED', `The pages of ${url.host} do not end: ${what}.`);
