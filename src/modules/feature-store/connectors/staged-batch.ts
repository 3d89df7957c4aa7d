import type { JsonObject } from '../../../common/json/json-object.js';

/** A batch as it came, a table or view: the number of each row, from 1, and one text for each column of the schema. */
export const STAGED = 'staged';

/** The number of a row; no column of a user's begins like this. */
export const ROW = '__row';

/** What was put into {@link STAGED}. */
export interface StagedRows {
  /** 0 where a source that is read step by step has nothing new. */
  readonly rows: number;
  /** Columns of the schema that the batch does not have; they are null in every row. */
  readonly missingColumns: readonly string[];
  /** What the batch has besides; in the order in which it was met. */
  readonly extraColumns: readonly string[];
  /** Whether it was judged as it was read (see `judgeRows`); not, where this is absent. */
  readonly isJudged?: boolean;
}

/** What a connector answers. */
export interface StagedBatch extends StagedRows {
  /**
   * Up to where the source is read once the rows of this batch are visible; null where each batch stands by itself. It
   * becomes part of the source's state in the transaction that makes them visible.
   */
  readonly cursor: JsonObject | null;
  /** Whether these rows replace those that were there, although the source is appended to: it was read from its beginning. */
  readonly isWhole: boolean;
}
