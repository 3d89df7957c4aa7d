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
  /** A folder of the worker whose files are collected; null where each collection is told its file. */
  readonly folder: string | null;
  /** Names of the files that are collected, with `*` and `?`; null without a folder. */
  readonly pattern: string | null;
}

/** Files that are found in a folder. */
export interface FolderConnection extends FileConnection {
  readonly folder: string;
  readonly pattern: string;
}

export const isFolder = (connection: FileConnection): connection is FolderConnection =>
  connection.folder !== null && connection.pattern !== null;
