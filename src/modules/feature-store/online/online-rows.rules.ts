import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import {
  type EntityKey,
  KEPT_AFTER_MS,
  type OnlineRead,
  type OnlineRow,
  type OnlineStatus,
  type OnlineView,
  type OnlineWrite,
} from './online-store.js';
import {
  joinedKey,
  microsecondsOf,
  millisecondsOf,
  NULL_TEXT,
  storedText,
  storedValue,
} from './stored-values.rules.js';

/** Longest key of an entity: PostgreSQL refuses to index much more, in bytes. */
const MAX_KEY_BYTES = 1_024;

/** A row as it is stored. Times are whole microseconds since the epoch. */
export interface StoredRow {
  readonly key: string;
  readonly eventTime: number;
  readonly createdTime: number | null;
  /** One for each feature of the view, in its order. */
  readonly texts: readonly string[];
  /** When nobody needs the row any more, in milliseconds since the epoch; null for never. */
  readonly expiresAt: number | null;
}

/**
 * Rows as they are to be stored, one for each entity: the newest, where several are of the same.
 * @throws {CodedError} INVALID_INPUT that names the first row that does not fit the view.
 */
export function storedRows(view: OnlineView, rows: readonly OnlineWrite[], now: number): StoredRow[] {
  const newest = new Map<string, StoredRow>();
  for (const [index, row] of rows.entries()) {
    const stored = storedRow(view, row, index, now);
    const held = newest.get(stored.key);
    if (held === undefined || !isOlder(stored, held)) newest.set(stored.key, stored);
  }
  return [...newest.values()];
}

/** Whether a row does not take the place of one that is held: equal times do. */
function isOlder(row: StoredRow, held: StoredRow): boolean {
  if (row.eventTime !== held.eventTime) return row.eventTime < held.eventTime;
  return (row.createdTime ?? -Infinity) < (held.createdTime ?? -Infinity);
}

/** @throws {CodedError} INVALID_INPUT that names the row, where it does not fit the view. */
export function storedRow(view: OnlineView, row: OnlineWrite, index: number, now: number): StoredRow {
  const where = `Row ${index} for feature view ${view.name}`;
  const key = storedKey(view, row.entity);
  if (key === null) throw new CodedError('INVALID_INPUT', `${where} has a null in its entity key.`);
  const eventTime = microsecondsOf(row.eventTime);
  if (eventTime === undefined) throw new CodedError('INVALID_INPUT', `${where} has no valid event time.`);
  const createdTime = row.createdTime === null ? null : microsecondsOf(row.createdTime);
  if (createdTime === undefined) throw new CodedError('INVALID_INPUT', `${where} has no valid created time.`);
  if (row.values.length !== view.features.length) {
    throw new CodedError(
      'INVALID_INPUT',
      `${where} has ${row.values.length} values, but the view has ${view.features.length} features.`,
    );
  }
  const texts = view.features.map((feature, at) => typedText(feature, row.values[at] ?? null, where));
  return { key, eventTime, createdTime, texts, expiresAt: expiryOf(view, row.eventTime, now) };
}

const expiryOf = ({ ttlMs }: OnlineView, eventTime: number, now: number): number | null =>
  ttlMs === null ? null : Math.ceil(Math.max(eventTime + ttlMs, now) + KEPT_AFTER_MS);

/** @throws {CodedError} INVALID_INPUT where it does not fit the view, or where a part of it is null. */
export function wholeKey(view: OnlineView, entity: EntityKey): string {
  const key = storedKey(view, entity);
  if (key === null) {
    throw new CodedError('INVALID_INPUT', `An entity key for feature view ${view.name} has a null in it.`);
  }
  return key;
}

/**
 * An entity's key as it is stored, or null where a part of it is null: such an entity has no rows.
 * @throws {CodedError} INVALID_INPUT where it does not fit the view.
 */
export function storedKey(view: OnlineView, entity: EntityKey): string | null {
  const where = `An entity key for feature view ${view.name}`;
  if (entity.length !== view.keys.length) {
    throw new CodedError(
      'INVALID_INPUT',
      `${where} has ${entity.length} values; it needs ${view.keys.length} (${view.keys.map(({ name }) => name).join(', ')}).`,
    );
  }
  if (entity.includes(null)) return null;
  const key = joinedKey(view.keys.map((column, at) => typedText(column, entity[at] ?? null, where)));
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new CodedError('INVALID_INPUT', `${where} is longer than ${MAX_KEY_BYTES} bytes.`);
  }
  return key;
}

function typedText({ name, type }: TypedColumn, value: FeatureValue, where: string): string {
  const text = storedText(value, type);
  if (text !== undefined) return text;
  const shown = typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 50))}` : String(value);
  throw new CodedError('INVALID_INPUT', `${where}: ${name} holds ${type}, which ${shown} is not.`);
}

/** @throws {CodedError} INVALID_INPUT where the view has no such feature. */
export function assertFeatures({ view, features }: OnlineRead): void {
  const unknown = features.find((name) => !view.features.some((feature) => feature.name === name));
  if (unknown === undefined) return;
  throw new CodedError('INVALID_INPUT', `Feature view ${view.name} has no feature ${JSON.stringify(unknown)}.`);
}

/**
 * What a reader is told of one entity.
 * @param eventTime of the row, in microseconds; null where there is no row.
 * @param texts for each wanted feature what is stored; null where nothing is.
 */
export function onlineRow(
  { ttlMs }: OnlineView,
  eventTime: number | null,
  texts: readonly (string | null | undefined)[],
  now: number,
): OnlineRow {
  if (eventTime === null) return { eventTime, values: texts.map(() => null), statuses: texts.map(() => 'NOT_FOUND') };
  const known = { eventTime: millisecondsOf(eventTime) };
  if (ttlMs !== null && known.eventTime + ttlMs < now) {
    const statuses = texts.map((text): OnlineStatus => (typeof text === 'string' ? 'OUTSIDE_MAX_AGE' : 'NOT_FOUND'));
    return { ...known, values: texts.map(() => null), statuses };
  }
  const values: FeatureValue[] = [];
  const statuses: OnlineStatus[] = [];
  for (const text of texts) {
    const isStored = typeof text === 'string';
    statuses.push(isStored ? (text === NULL_TEXT ? 'NULL_VALUE' : 'PRESENT') : 'NOT_FOUND');
    values.push(isStored ? storedValue(text) : null);
  }
  return { ...known, values, statuses };
}
