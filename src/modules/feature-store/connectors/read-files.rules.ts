import { z } from 'zod';
import type { JsonObject } from '../../../common/json/json-object.js';
import { type Digest, isDigest } from '../../../common/storage/digest.js';
import type { FileMark } from './found-file.js';

/** A file that was read: as it was then. */
export interface ReadFile extends FileMark {
  readonly digest: Digest;
}

/** The files of a folder or bucket that were read, by their names. */
export type ReadFiles = ReadonlyMap<string, ReadFile>;

const form = z.object({
  files: z.record(z.string(), z.tuple([z.number(), z.number(), z.custom<Digest>((text) => isDigest(String(text)))])),
});

export function readFilesOf(cursor: JsonObject | null): ReadFiles {
  if (cursor === null) return new Map();
  return new Map(
    Object.entries(form.parse(cursor).files).map(([name, [sizeBytes, modifiedMs, digest]]) => [
      name,
      { sizeBytes, modifiedMs, digest },
    ]),
  );
}

export const fileCursorOf = (files: ReadFiles): JsonObject => ({
  files: Object.fromEntries(
    [...files].map(([name, { sizeBytes, modifiedMs, digest }]) => [name, [sizeBytes, modifiedMs, digest]]),
  ),
});

/** Whether a file looks as it did when it was read. */
export const looksRead = (before: ReadFile | undefined, now: FileMark): boolean =>
  before?.sizeBytes === now.sizeBytes && before.modifiedMs === now.modifiedMs;
