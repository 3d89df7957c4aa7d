import { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { CodedError } from '../../../common/errors/coded-error.js';

/** What the protocol's clients compress with. */
const decompressors = { gzip: createGunzip, deflate: createInflate } as const;

/**
 * Reads a body to its end, decompressed.
 * @param maxBytes largest body, also when decompressed.
 * @throws {CodedError} PAYLOAD_TOO_LARGE; BAD_REQUEST for an unknown or broken compression; CANCELLED.
 */
export async function readBody(body: Readable, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decompressed(body, encoding) as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > maxBytes) {
        throw new CodedError(
          'PAYLOAD_TOO_LARGE',
          `The body has more than ${maxBytes} bytes (NESTOR_BINARY_BODY_MAX_BYTES). Send fewer rows at a time.`,
        );
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    throw readError(cause);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

function decompressed(body: Readable, encoding: string | undefined): Readable {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'deflate') {
    throw new CodedError('BAD_REQUEST', 'Content-Encoding: gzip and deflate are understood.');
  }
  const decompress = decompressors[encoding]();
  body.once('error', (error) => decompress.destroy(error));
  return body.pipe(decompress);
}

function readError(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code.startsWith('Z_') || code.startsWith('ERR_ZLIB')) {
    return new CodedError('BAD_REQUEST', 'The body is not compressed as its Content-Encoding says.', { cause });
  }
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new CodedError('CANCELLED', 'The sender left before all bytes had arrived.', { cause });
  }
  return cause;
}
