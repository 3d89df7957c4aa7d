import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';
import Negotiator from 'negotiator';
import type { PostAnswer } from './front-door.js';

/**
 * Level 1 of zlib. Of a tensor in JSON it leaves as much as level 6 does (0.47 and 0.46 of its size), in a third of the
 * time.
 */
const options = { level: constants.Z_BEST_SPEED };

/** By their names in HTTP, where `deflate` is the zlib format (RFC 9110, 8.4.1.2). Both work on libuv's threads. */
const compressors: Readonly<Record<string, (body: string | Uint8Array) => Promise<Buffer>>> = {
  gzip: async (body) => promisify(gzip)(body, options),
  deflate: async (body) => promisify(deflate)(body, options),
};
const ENCODINGS = [...Object.keys(compressors), 'identity'];

/** Part of a body of bytes that is tried first, in bytes, and of what is left of it at most where the rest is worth it. */
const SAMPLE_BYTES = 4 * 1024;
const WORTHWHILE = 0.75;

/**
 * Compresses an answer as its client wants it, if it is large enough for that to be worth the time; smaller ones pass
 * at once.
 * @param accepted the request's `Accept-Encoding`.
 * @param minBytes smallest body that is compressed.
 */
export function compressed(
  answer: PostAnswer,
  accepted: string | undefined,
  minBytes: number,
): PostAnswer | Promise<PostAnswer> {
  return answer.body.length < minBytes ? answer : compressedAs(encodingOf(accepted), answer);
}

/** What the client likes best of what there is; undefined for the body as it is. */
function encodingOf(accepted: string | undefined): string | undefined {
  if (accepted === undefined) return undefined;
  return new Negotiator({ headers: { 'accept-encoding': accepted } }).encoding(ENCODINGS);
}

async function compressedAs(encoding: string | undefined, answer: PostAnswer): Promise<PostAnswer> {
  const headers = { ...answer.headers, vary: 'accept-encoding' };
  const compress = encoding === undefined ? undefined : compressors[encoding];
  if (encoding === undefined || compress === undefined || !(await isWorthwhile(answer.body, compress))) {
    return { ...answer, headers };
  }
  return { ...answer, headers: { ...headers, 'content-encoding': encoding }, body: await compress(answer.body) };
}

/**
 * Text always shrinks. Tensors as bytes are often noise, on which the longest time is spent for a tenth of its size: a
 * part from the middle tells.
 */
async function isWorthwhile(
  body: string | Uint8Array,
  compress: (body: Uint8Array) => Promise<Buffer>,
): Promise<boolean> {
  if (typeof body === 'string') return true;
  const start = Math.max(0, Math.floor((body.byteLength - SAMPLE_BYTES) / 2));
  const sample = body.subarray(start, start + SAMPLE_BYTES);
  return (await compress(sample)).byteLength <= WORTHWHILE * sample.byteLength;
}
