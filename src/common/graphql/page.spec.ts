import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, pageOf, pageSize } from './page.js';

describe('cursors', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 4 }), (keyset) => {
        expect(decodeCursor(encodeCursor(keyset), keyset.length)).toEqual(keyset);
      }),
    );
  });

  it('that this list did not make are refused with a code', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, 3)).toThrow(expect.objectContaining({ code: 'INVALID_CURSOR' }));
      }),
    );
    expect(() => decodeCursor(encodeCursor(['a']), 2)).toThrow(/not issued by this list/);
  });
});

describe('pageOf', () => {
  it('keeps the size and says whether more follows', () => {
    const page = pageOf(['a', 'b', 'c'], 2, (row) => [row]);
    expect(page.edges.map((edge) => edge.node)).toEqual(['a', 'b']);
    expect(page.pageInfo).toEqual({ hasNextPage: true, endCursor: encodeCursor(['b']) });
    expect(pageOf(['a'], 2, (row) => [row]).pageInfo.hasNextPage).toBe(false);
    expect(pageOf([], 2, () => []).pageInfo).toEqual({ hasNextPage: false, endCursor: null });
  });
});

describe('pageSize', () => {
  it('has a default within the maximum, and refuses more', () => {
    expect(pageSize(undefined, 200)).toBe(50);
    expect(pageSize(undefined, 10)).toBe(10);
    expect(pageSize(200, 200)).toBe(200);
    expect(() => pageSize(201, 200)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
