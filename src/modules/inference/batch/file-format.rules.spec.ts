import { describe, expect, it } from 'vitest';
import { formatOf, SNIFFED_BYTES } from './file-format.rules.js';

const tell = (text: string) => formatOf(Buffer.from(text));

describe('formatOf', () => {
  it('tells a file by how it begins', () => {
    expect(tell('PAR1\u0000\u0001')).toBe('PARQUET');
    expect(tell('{"a":1}\n')).toBe('NDJSON');
    expect(tell('\uFEFF\n {"a":1}')).toBe('NDJSON');
    expect(tell('a,b\n1,2\n')).toBe('CSV');
  });

  it('does not mind a character that the beginning cuts', () => {
    for (const offset of [1, 2, 3, 4]) {
      const text = Buffer.from(`${'x'.repeat(SNIFFED_BYTES - offset)}😀`).subarray(0, SNIFFED_BYTES);
      expect(formatOf(text)).toBe('CSV');
    }
  });

  it('refuses what is empty or no text', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0x61, 0, 0x62]), Buffer.from([0x1f, 0x8b, 0x08])]) {
      expect(() => formatOf(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_FILE' }));
    }
  });
});
