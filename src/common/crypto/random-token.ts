import { randomBytes } from 'node:crypto';
import { BASE62 } from './base62.js';

/** Largest multiple of 62 that a byte can hold, exclusive: bytes above would favour the first digits. */
const UNBIASED = 256 - (256 % BASE62.length);

/**
 * A random base62 text from the system's generator; each character carries log2(62) ≈ 5.95 bits, so 22 of them exceed
 * 128 bits.
 */
export function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < UNBIASED) text += BASE62.charAt(byte % BASE62.length);
    }
  }
  return text;
}
