import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkCutter, type ChunkRange } from './chunk-cutter.js';

function cut(lengths: readonly number[], maxRows: number, maxBytes: number, startByte: number): ChunkRange[] {
  const cutter = new ChunkCutter(maxRows, maxBytes, startByte);
  let end = startByte;
  const chunks = lengths.map((length) => cutter.add((end += length)));
  return [...chunks, cutter.finish()].filter((chunk) => chunk !== undefined);
}

describe('ChunkCutter', () => {
  it('ends a chunk by rows or by bytes', () => {
    expect(cut([10, 10, 10, 25, 10], 2, 30, 5)).toEqual([
      { index: 0, firstRow: 1, rows: 2, startByte: 5, endByte: 25 },
      { index: 1, firstRow: 3, rows: 1, startByte: 25, endByte: 35 },
      { index: 2, firstRow: 4, rows: 1, startByte: 35, endByte: 60 },
      { index: 3, firstRow: 5, rows: 1, startByte: 60, endByte: 70 },
    ]);
    expect(cut([], 2, 30, 5)).toEqual([]);
  });

  it('holds every row once, in order, within its bounds', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 99 }),
        (rows, maxRows, maxBytes) => {
          let [row, byte] = [1, 7];
          const chunks = cut(rows, maxRows, maxBytes, 7);
          for (const [index, chunk] of chunks.entries()) {
            expect(chunk).toMatchObject({ index, firstRow: row, startByte: byte });
            expect(chunk.rows).toBeLessThanOrEqual(maxRows);
            expect(chunk.rows === 1 || chunk.endByte - chunk.startByte <= maxBytes).toBe(true);
            row += chunk.rows;
            byte = chunk.endByte;
          }
          expect(row - 1).toBe(rows.length);
          expect(byte - 7).toBe(rows.reduce((sum, length) => sum + length, 0));
        },
      ),
    );
  });
});
