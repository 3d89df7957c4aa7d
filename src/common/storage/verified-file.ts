import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { CodedError } from '../errors/coded-error.js';
import { type Digest, digestOfFile } from './digest.js';
import { storageError } from './storage-errors.rules.js';

/**
 * Makes a file that appears with the bytes of the digest or not at all.
 * @param write puts the bytes into a new file at the path that it is given.
 * @throws {CodedError} ARTIFACT_CORRUPT where they are others, and what `storageError` makes of a failure.
 */
export async function verifiedFile(
  digest: Digest,
  path: string,
  write: (part: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    await write(part);
    const actual = await digestOfFile(part, signal);
    if (actual !== digest) {
      throw new CodedError(
        'ARTIFACT_CORRUPT',
        `The stored bytes of ${digest} have changed (they are ${actual} now). Upload the artifact again to repair it.`,
      );
    }
    await rename(part, path);
  } catch (thrown) {
    throw storageError(thrown, digest);
  } finally {
    // Renaming a link onto another link of the same file does nothing and leaves both names.
    await rm(part, { force: true });
  }
}
