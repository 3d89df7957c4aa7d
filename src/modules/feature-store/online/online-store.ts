import type { FeatureValue, TypedColumn } from '../value-types.js';

/** A version of a feature view, as the online store needs to know it. */
export interface OnlineView {
  /** A UUID. What one workspace writes no other one reads. */
  readonly workspaceId: string;
  /** A UUID of the view's version: another version has rows of its own. */
  readonly id: string;
  /** For messages. */
  readonly name: string;
  /** The columns by whose values an entity is known. None of `FLOAT64` or `JSON`, which have no one way of writing. */
  readonly keys: readonly TypedColumn[];
  readonly features: readonly TypedColumn[];
  /** How old a value may be, in milliseconds after its event time and inclusive; null for any age. */
  readonly ttlMs: number | null;
}

/** The values of a view's keys, in their order. */
export type EntityKey = readonly FeatureValue[];

/** What became known of an entity. Times are milliseconds since the epoch, with a fraction down to microseconds. */
export interface OnlineWrite {
  readonly entity: EntityKey;
  readonly eventTime: number;
  /** When the values were known; decides between rows of one event time. Null counts as before all others. */
  readonly createdTime: number | null;
  /** One for each feature of the view, in its order. */
  readonly values: readonly FeatureValue[];
}

export interface OnlineRead {
  readonly view: OnlineView;
  /** Names of features of the view. */
  readonly features: readonly string[];
  readonly entities: readonly EntityKey[];
}

/**
 * `NULL_VALUE`: the feature was written as null. `NOT_FOUND`: nothing is known of the entity, or was not of this feature.
 * `OUTSIDE_MAX_AGE`: what is known is older than the view's TTL allows.
 */
export type OnlineStatus = 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

/** What is known of one entity: for each feature that was asked for, in that order, its value and status. */
export interface OnlineRow {
  /** Of all values of the row, in milliseconds since the epoch; null where nothing is known. */
  readonly eventTime: number | null;
  /** Null wherever the status is not `PRESENT`. */
  readonly values: readonly FeatureValue[];
  readonly statuses: readonly OnlineStatus[];
}

export interface OnlineWritten {
  /** Rows that are now what is known of their entities. */
  readonly written: number;
  /** Rows that were not taken, because something newer was known already or came with them. */
  readonly superseded: number;
}

/** What is kept of an entity beside its row, for those who need more than its newest values to tell the next. */
export interface KeptHistory {
  /** Null where nothing is kept. */
  readonly history: string | null;
  /** Another one after each change; null where nothing is kept. */
  readonly revision: string | null;
}

/** A row together with what is kept beside it. */
export interface HistoryWrite extends OnlineWrite {
  readonly history: string;
  /** What was read: it is written only where nobody else wrote since. */
  readonly revision: string | null;
}

/**
 * The newest known values of entities. Of all rows of an entity that are written, in whatever order and by however many
 * writers, the one with the greatest event time stays; of those the one with the greatest created time; of those the one
 * that was written last. A row is written and read as a whole.
 *
 * A row is kept for its TTL and `KEPT_AFTER_MS` more, counted from its event time or from when it was written, whichever
 * is later: readers hear of a value that it went stale before they hear that there is none.
 */
export abstract class OnlineStore {
  /**
   * Writes a batch, which is in memory as a whole: large amounts come in several.
   * @throws {CodedError} INVALID_INPUT where a row does not fit the view, and then nothing is written;
   * SERVICE_UNAVAILABLE where the store cannot be reached, and then some rows may be written: write them all again.
   */
  abstract write(view: OnlineView, rows: readonly OnlineWrite[]): Promise<OnlineWritten>;

  /**
   * @param now the moment by which ages are told, in milliseconds since the epoch.
   * @returns for each read, for each of its entities, what is known of it.
   * @throws {CodedError} INVALID_INPUT, SERVICE_UNAVAILABLE
   */
  abstract read(reads: readonly OnlineRead[], now?: number): Promise<OnlineRow[][]>;

  /** What is kept of entities beside their rows. None may be null. @throws {CodedError} INVALID_INPUT, SERVICE_UNAVAILABLE */
  abstract readHistories(view: OnlineView, entities: readonly EntityKey[]): Promise<KeptHistory[]>;

  /**
   * Writes rows, whatever rows there are, together with their histories, each where its history is still the one that was
   * read. They are kept until they are removed: windows may reach back to any of them. No entity may come twice.
   * @returns for each whether it was written. @throws {CodedError} as `write`.
   */
  abstract replaceHistories(view: OnlineView, writes: readonly HistoryWrite[]): Promise<boolean[]>;

  /** Forgets entities. @returns how many were known. @throws {CodedError} INVALID_INPUT, SERVICE_UNAVAILABLE */
  abstract remove(view: OnlineView, entities: readonly EntityKey[]): Promise<number>;

  /** Forgets every entity of a view. @throws {CodedError} SERVICE_UNAVAILABLE */
  abstract removeView(view: OnlineView): Promise<void>;
}

/** How long a row is kept when its time is over, in milliseconds. */
export const KEPT_AFTER_MS = 24 * 3_600_000;
