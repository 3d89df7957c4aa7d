import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressionOf, delimiterOf, headerOf, isParquet, textFormatOf } from './file-head.rules.js';

describe('the beginning of a file', () => {
  it('tells how it is compressed', () => {
    expect(compressionOf(gzipSync('a'))).toBe('gzip');
    expect(compressionOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04]))).toBe('zstd');
    expect(compressionOf(Buffer.from('a,b'))).toBe('uncompressed');
    expect(compressionOf(new Uint8Array())).toBe('uncompressed');
    expect(() => compressionOf(Buffer.from('PK\u0003\u0004'))).toThrow(/ZIP/);
  });

  it('tells the format', () => {
    expect(isParquet(Buffer.from('PAR1…'))).toBe(true);
    expect(isParquet(Buffer.from('PA'))).toBe(false);
    expect(textFormatOf('  {"a": 1}')).toBe('NDJSON');
    expect(textFormatOf('[')).toBe('JSON');
    expect(textFormatOf('a,b')).toBe('CSV');
  });

  it.each([
    ['a,b;c,d', ','],
    ['a;b', ';'],
    ['a\tb', '\t'],
    ['a|b|c', '|'],
    ['a,"b;c;d"', ','],
    ['alone', ','],
  ])('tells the delimiter of %s', (header, delimiter) => {
    expect(delimiterOf(header)).toBe(delimiter);
  });

  it('names the columns', () => {
    expect(headerOf('a, "b;c" ,"d ""e"""', ',')).toEqual(['a', 'b;c', 'd "e"']);
    expect(() => headerOf('', ',')).toThrow(/empty/);
    expect(() => headerOf('a,,c', ',')).toThrow(/column 2 has no name/);
    expect(() => headerOf('a,b,a', ',')).toThrow(/a twice/);
    expect(() => headerOf('a,"b', ',')).toThrow(/cannot be read/);
  });
});
