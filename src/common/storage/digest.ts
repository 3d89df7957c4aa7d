import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** The name of stored bytes: `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[0-9a-f]{64}$/;

export const isDigest = (text: string): text is Digest => pattern.test(text);

export const digestOfHex = (hexadecimal: string): Digest => `sha256:${hexadecimal}`;

/** The 64 hexadecimal digits of a digest. */
export const hexOfDigest = (digest: Digest): string => digest.slice('sha256:'.length);

/** Digest of the bytes a file holds now, read as a stream. */
export async function digestOfFile(path: string, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, signal === undefined ? {} : { signal });
  return digestOfHex(hash.digest('hex'));
}
