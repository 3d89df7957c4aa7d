/** The table of a batch as it came: the number of each row, from 1, and one text for each column of the schema. */
export const STAGED = 'staged';

/** The number of a row; no column of a user's begins like this. */
export const ROW = '__row';

/** What a connector put into the table {@link STAGED}. */
export interface StagedBatch {
  readonly rows: number;
  /** Columns of the schema that the batch does not have; they are null in every row. */
  readonly missingColumns: readonly string[];
  /** What the batch has besides; in the order in which it was met. */
  readonly extraColumns: readonly string[];
}
