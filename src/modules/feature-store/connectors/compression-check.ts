import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CodedError } from '../../../common/errors/coded-error.js';
import { invalidFile } from './file-fault.js';
import type { Compression } from './file-head.rules.js';
import { ZstdFrames } from './zstd-frames.js';

/** Bytes that are read at a time. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Checks what the engine does not: it takes what is there of a file that was cut off for all of it, and unpacks without a
 * bound.
 * @param maxBytes most bytes that it may unpack to. Of zstd these are known only as far as its headers tell them.
 * @param signal gives it up.
 * @throws {CodedError} INVALID_FILE where it is cut off, damaged, or unpacks to more; CANCELLED.
 */
export async function checkCompression(
  path: string,
  compression: Compression,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (compression === 'uncompressed') return;
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  const options = signal === undefined ? {} : { signal };
  try {
    if (compression === 'gzip')
      await pipeline(file, createGunzip({ chunkSize: PIECE_BYTES }), counted(maxBytes), options);
    else await pipeline(file, walked(maxBytes), options);
  } catch (error) {
    if (signal?.aborted === true) throw new CodedError('CANCELLED', 'The work was cancelled.', { cause: error });
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw invalidFile('its gzip is cut off or damaged', error);
    }
    throw error;
  }
}

/** Takes what is unpacked to nowhere. */
function counted(maxBytes: number): Writable {
  let bytes = 0;
  return new Writable({
    write: (piece: Buffer, _, done) => {
      bytes += piece.length;
      done(bytes > maxBytes ? tooLarge(maxBytes) : null);
    },
  });
}

/** Follows the frames of zstd. */
function walked(maxBytes: number): Writable {
  const frames = new ZstdFrames();
  return new Writable({
    write: (piece: Buffer, _, done) => {
      try {
        frames.push(piece);
        done(frames.leastUnpackedBytes > BigInt(maxBytes) ? tooLarge(maxBytes) : null);
      } catch (error) {
        done(error as Error);
      }
    },
    final: (done) => done(frames.isComplete ? null : invalidFile('its zstd is cut off')),
  });
}

const tooLarge = (maxBytes: number): CodedError =>
  invalidFile(`it unpacks to more than the ${maxBytes} bytes that NESTOR_DATA_UNPACKED_MAX_BYTES allows`);
