import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CodedError } from '../../../common/errors/coded-error.js';
import { invalidFile } from './file-fault.js';

/**
 * Unpacks a gzip file to nowhere.
 * @param maxBytes most bytes that it may unpack to. @param signal gives it up.
 * @throws {CodedError} INVALID_FILE where it is cut off, damaged, or unpacks to more; CANCELLED.
 */
export async function checkGzip(path: string, maxBytes: number, signal: AbortSignal | undefined): Promise<void> {
  let bytes = 0;
  const nowhere = new Writable({
    write: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      done(bytes > maxBytes ? invalidFile(`it unpacks to more than ${maxBytes} bytes`) : null);
    },
  });
  try {
    await pipeline(createReadStream(path), createGunzip(), nowhere, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted === true) throw new CodedError('CANCELLED', 'The work was cancelled.', { cause: error });
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw invalidFile('its gzip is cut off or damaged', error);
    }
    throw error;
  }
}
