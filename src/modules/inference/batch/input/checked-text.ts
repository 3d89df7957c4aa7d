import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { invalidFile } from './input-file.js';

/**
 * The bytes of a source, which must be UTF-8 text: binary junk is told by its first wrong byte, before a parser makes
 * what it can of it.
 * @throws {CodedError} INVALID_FILE.
 */
export async function* checkedText(source: Readable): AsyncGenerator<Buffer, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let offset = 0;
  for await (const bytes of source as AsyncIterable<Buffer>) {
    const zero = bytes.indexOf(0);
    if (zero !== -1) throw notText(offset + zero);
    if (!isAccepted(decoder, bytes)) throw notText(offset + wrongByte(bytes));
    offset += bytes.length;
    yield bytes;
  }
  if (!isAccepted(decoder, undefined)) throw notText(offset);
}

/** @param bytes undefined for the end. */
function isAccepted(decoder: TextDecoder, bytes: Buffer | undefined): boolean {
  try {
    decoder.decode(bytes, { stream: bytes !== undefined });
    return true;
  } catch {
    return false;
  }
}

/** About where the bytes cease to be UTF-8: a character that began before them is not counted. */
function wrongByte(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  return Buffer.byteLength(text.slice(0, Math.max(0, text.indexOf('\uFFFD'))));
}

function notText(byte: number): Error {
  return invalidFile(`byte ${byte}`, 'this is no UTF-8 text. Is it the format that was named, and not compressed?');
}
