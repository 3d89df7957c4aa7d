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
}
