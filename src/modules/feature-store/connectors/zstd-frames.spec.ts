import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { literal } from '../engine/sql-text.js';
import { ZstdFrames } from './zstd-frames.js';

/** By the command `zstd`: 16 bytes with a checksum, of unknown length, and as one segment that tells its length. */
const piped = Buffer.from('KLUv/QRYgQAAaWQsbmFtZQoxLHgKMix5CoqlvO0=', 'base64');
const counted = Buffer.from('KLUv/SQQgQAAaWQsbmFtZQoxLHgKMix5CoqlvO0=', 'base64');
/** 300,011 bytes, most of them repeated, in 52. */
const repeated = Buffer.from('KLUv/aTrkwQAnAAAWGlkLG5hbWUKMSxhAQDy/znwAgIAEGFVAAAQYQoBAOYTHQgBMrjsqQ==', 'base64');
/** A frame of a user's, with three bytes. */
const skippable = Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

let bench: TestWorkbench;
/** By the engine: many blocks, no checksum, of unknown length. */
let streamed: Buffer;
beforeAll(async () => {
  bench = await openWorkbench();
  const path = join(bench.folder, 'streamed.csv');
  await bench.engine.run(
    `COPY (SELECT hash(range) AS a FROM range(50000)) TO ${literal(path)} (FORMAT csv, COMPRESSION zstd)`,
  );
  streamed = await readFile(path);
});
afterAll(() => bench.close());

function walked(pieces: readonly Uint8Array[]): ZstdFrames {
  const frames = new ZstdFrames();
  for (const piece of pieces) frames.push(piece);
  return frames;
}

describe('frames of zstd', () => {
  it('are followed to their end, one or several, with what is to be skipped', () => {
    for (const whole of [piped, counted, repeated, skippable, streamed, Buffer.concat([skippable, piped, streamed])]) {
      expect(walked([whole]).isComplete).toBe(true);
    }
  });

  it('are followed alike, however the file comes in pieces', () => {
    const whole = Buffer.concat([counted, skippable, repeated, streamed]);
    const { leastUnpackedBytes } = walked([whole]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }), (sizes) => {
        const pieces: Buffer[] = [];
        for (let at = 0; at < whole.length; at += pieces.at(-1)?.length ?? 0) {
          pieces.push(whole.subarray(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
        }
        const frames = walked(pieces);
        expect([frames.isComplete, frames.leastUnpackedBytes]).toEqual([true, leastUnpackedBytes]);
      }),
    );
  });

  it('show every cut: only between two frames a file may end', () => {
    const parts = [piped, skippable, counted, repeated, streamed];
    const whole = Buffer.concat(parts);
    const ends = new Set(parts.map((_, at) => Buffer.concat(parts.slice(0, at + 1)).length));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length }), (length) => {
        expect(walked([whole.subarray(0, length)]).isComplete).toBe(ends.has(length));
      }),
      { numRuns: 1_000 },
    );
    const small = Buffer.concat(parts.slice(0, 4));
    for (let length = 1; length < small.length; length += 1) {
      expect(walked([small.subarray(0, length)]).isComplete).toBe(ends.has(length));
    }
  });

  it('tell how much they unpack to at least, without unpacking', () => {
    expect(walked([piped]).leastUnpackedBytes).toBe(16n);
    expect(walked([counted, repeated]).leastUnpackedBytes).toBe(16n + 300_011n);
    expect(walked([skippable]).leastUnpackedBytes).toBe(0n);
  });

  it('that are none are refused', () => {
    expect(() => walked([piped, Buffer.from('more')])).toThrow(/no(ne| frame)/);
    const reserved = Buffer.from(piped);
    reserved[6] = (reserved[6] ?? 0) | 0b110;
    expect(() => walked([reserved])).toThrow(/no known type/);
  });

  it('may be any bytes: the walk ends', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          walked([piped.subarray(0, 4), bytes]);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_FILE' });
        }
      }),
    );
  });
});
