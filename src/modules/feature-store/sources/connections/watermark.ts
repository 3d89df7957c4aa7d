/** How a source is read step by step: what lies above the greatest value that was read of a column. */
export interface Watermark {
  /** A column of the schema, `INT64` or `TIMESTAMP`. */
  readonly column: string;
  /**
   * How far below the greatest value is read again, for rows that are seen later than their value tells: in seconds of a
   * `TIMESTAMP`, and in units of an `INT64`. Rows that were read before are left out.
   */
  readonly overlap: number;
}
