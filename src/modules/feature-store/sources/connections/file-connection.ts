import type { BucketLocation } from './bucket-location.js';

/** Formats of files, each of them plain or compressed with gzip or zstd. */
export const dataFileFormats = ['CSV', 'PARQUET', 'NDJSON', 'JSON'] as const;

export type DataFileFormat = (typeof dataFileFormats)[number];

/** How the files of a `FILE` source are read. */
export interface FileConnection {
  readonly kind: 'FILE';
  /** Null: told by the file. */
  readonly format: DataFileFormat | null;
  /** What separates the values of a CSV row; null: told by the header. */
  readonly delimiter: string | null;
  /** A folder of the worker whose files are collected; null where they are elsewhere. */
  readonly folder: string | null;
  /** A bucket whose objects are collected; null where they are elsewhere. Without both each collection is told its file. */
  readonly bucket: BucketLocation | null;
  /** Names of the files that are collected, with `*` and `?`; null where each collection is told its file. */
  readonly pattern: string | null;
}

/** Files that are found in a folder. */
export interface FolderConnection extends FileConnection {
  readonly folder: string;
  readonly pattern: string;
}

/** Files that are found in a bucket. */
export interface BucketConnection extends FileConnection {
  readonly bucket: BucketLocation;
  readonly pattern: string;
}

export const isBucket = (connection: FileConnection): connection is BucketConnection =>
  connection.bucket !== null && connection.pattern !== null;

export const isFolder = (connection: FileConnection): connection is FolderConnection =>
  connection.folder !== null && connection.pattern !== null;
