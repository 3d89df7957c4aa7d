import { describe, expect, it } from 'vitest';
import { checkStatus, nextLink, pageFormatOf, retryAfter } from './api-answer.rules.js';

const now = new Date('2026-01-01T00:00:00Z');

const failureOf = (status: number, headers = {}) => {
  try {
    checkStatus(status, headers, 'h', now);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('answers of an API', () => {
  it.each([
    ['<https://x.org/2>; rel="next"', 'https://x.org/2'],
    ['</1>; rel="prev", </3>; title="a, b"; rel="last next"', '/3'],
    ['</2>;rel=next', '/2'],
    ['</2>; REL="Next"', '/2'],
    ['</1>; rel="prev"', undefined],
    ['</1>; rel="nextish"', undefined],
    ['nonsense', undefined],
    [undefined, undefined],
  ])('tell the next page by a link: %s', (header, target) => expect(nextLink(header)).toBe(target));

  it('take no time that grows with the square of a header', () => {
    expect(nextLink(`${'<a>; '.repeat(3_000)}${'; x='.repeat(3_000)}`)).toBeUndefined();
  });

  it.each([
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2020 00:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('tell when to try again: %s', (text, milliseconds) => expect(retryAfter(text, now)).toBe(milliseconds));

  it.each([
    ['application/json; charset=utf-8', 'JSON'],
    ['APPLICATION/JSON', 'JSON'],
    ['application/vnd.api+json', 'JSON'],
    ['application/x-ndjson', 'NDJSON'],
    ['application/jsonl', 'NDJSON'],
  ])('are taken as %s', (type, format) => expect(pageFormatOf(type, 'h')).toBe(format));

  it.each(['text/html', '', undefined])('are refused as %s', (type) => {
    expect(() => pageFormatOf(type, 'h')).toThrow(/neither JSON nor NDJSON/);
  });

  it('say whether another attempt may help', () => {
    expect(() => checkStatus(200, {}, 'h', now)).not.toThrow();
    for (const status of [429, 500, 503]) expect(failureOf(status)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    for (const status of [204, 304, 401, 404]) expect(failureOf(status)).toMatchObject({ code: 'SOURCE_FAILED' });
    expect(failureOf(429, { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 });
  });
});
