import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CodedError } from '../../../common/errors/coded-error.js';

/** Read at a time: hashing it blocks the event loop for some milliseconds. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Reads a model file and proves that it is the one that was asked for.
 * @param digest SHA-256 as 64 hexadecimal digits
 * @throws {CodedError} ARTIFACT_CORRUPT where the bytes have another digest, MODEL_LOAD_FAILED where they cannot be read.
 */
export async function readModelFile(path: string, digest: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CodedError('MODEL_LOAD_FAILED', 'The model file cannot be read.', { cause });
  });
  const hash = createHash('sha256');
  for (let offset = 0; offset < bytes.byteLength; offset += CHUNK_BYTES) {
    hash.update(bytes.subarray(offset, offset + CHUNK_BYTES));
    await new Promise(setImmediate);
  }
  const found = hash.digest('hex');
  if (found !== digest) {
    throw new CodedError('ARTIFACT_CORRUPT', `The model file has the digest ${found} instead of ${digest}.`);
  }
  return bytes;
}
