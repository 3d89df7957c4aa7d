import { CodedError } from '../../../../common/errors/coded-error.js';

/** What a file may ask for. */
export interface InputLimits {
  /** Longest row, in bytes. */
  readonly maxRowBytes: number;
  readonly maxColumns: number;
  readonly maxRows: number;
}

/** What the values of a column are, as far as rows were looked at: JSON where they are of several kinds. */
export type ColumnKind = 'TEXT' | 'NUMBER' | 'BOOLEAN' | 'JSON';

export interface InputColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** Is told where the rows of a file are, while the file is read. */
export interface RowVisitor {
  /**
   * @param startByte where the first row begins.
   * @param columns those of the header, where the format has one.
   */
  begin(startByte: number, columns: readonly InputColumn[] | null): void;
  /** @param endByte the first byte behind the row. The next row waits for the promise, where there is one. */
  row(endByte: number): Promise<void> | undefined;
}

/** One row as it was read from a chunk. */
export interface InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Why the row cannot be run; null where nothing is known against it. */
  readonly problem: string | null;
}

/** @param place where it is, such as `line 7`. */
export function invalidFile(place: string, problem: string): CodedError {
  return new CodedError('INVALID_FILE', `${place}: ${problem}`);
}

export function tooLong(place: string, { maxRowBytes }: InputLimits): CodedError {
  return invalidFile(place, `the row is longer than ${maxRowBytes} bytes (NESTOR_BATCH_MAX_ROW_BYTES).`);
}

export function tooManyColumns(place: string, { maxColumns }: InputLimits): CodedError {
  return invalidFile(place, `there are more than ${maxColumns} columns (NESTOR_BATCH_MAX_COLUMNS).`);
}

export function tooManyRows(place: string, { maxRows }: InputLimits): CodedError {
  return invalidFile(place, `there are more than ${maxRows} rows (NESTOR_BATCH_MAX_ROWS). Split the file.`);
}
