import type { Digest } from '../../../common/storage/digest.js';

/** Most files of a place: all of them are remembered, with some 120 bytes each. */
export const MAX_FOUND_FILES = 20_000;

/** What is told of a file without reading it. */
export interface FileMark {
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** A file that was found where a source looks for new ones. */
export interface FoundFile {
  readonly mark: FileMark;
  /**
   * Copies what it holds now.
   * @returns its digest; undefined where it was changed or removed meanwhile. @throws {CodedError} CANCELLED.
   */
  copyTo(path: string, signal: AbortSignal | undefined): Promise<Digest | undefined>;
  close(): Promise<void>;
}

/** A place where files are found. */
export interface FoundFiles {
  /** In the order in which they are read. */
  readonly names: readonly string[];
  /** @returns undefined where there is none of that name any more, or it is no file. */
  open(name: string): Promise<FoundFile | undefined>;
}
