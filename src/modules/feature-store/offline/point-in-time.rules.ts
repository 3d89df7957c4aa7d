import { CodedError } from '../../../common/errors/coded-error.js';
import { quoted } from '../engine/sql-text.js';

const MICROSECONDS = 1_000;

/**
 * Rows that are to get features. `relation` is SQL of ours that may stand after `FROM`: a quoted name, a function such as
 * `read_parquet`, or a query in parentheses.
 */
export interface LabelTable {
  readonly relation: string;
  /** The columns that the result keeps, in this order. */
  readonly columns: readonly string[];
  /** The column with the moment at which each row looks at the features. */
  readonly eventTime: string;
}

/** Rows of a feature view; `relation` as that of the labels. */
export interface HistoricalView {
  readonly name: string;
  readonly relation: string;
  /** Columns that must be equal; none where every row of the view is about the same. */
  readonly keys: readonly { readonly label: string; readonly view: string }[];
  /** Since when a row holds. */
  readonly eventTime: string;
  /** The column that tells when a row was known, where the view has one. */
  readonly createdTime: string | null;
  /** How old a row may be, in milliseconds and inclusive, as Feast counts it; null for any age. */
  readonly ttlMs: number | null;
  /** Columns of the view, and what they are called in the result. */
  readonly features: readonly { readonly column: string; readonly as: string }[];
}

/**
 * One `SELECT` that gives each label the newest row of each view that held and was known at its moment.
 *
 * - Every label comes out once, in the order in which it came in; without a row of the view its features are null.
 * - A row counts where its event time is at or before the label's moment, and so is its created time if it has one.
 * - Of those the one with the greatest event time is taken, then the one with the greatest created time (none counts as
 *   before all), then the one that comes last in the view: the same that wins in the online store.
 * - What was taken is nulled if it is older than the TTL. Nothing older is looked for.
 * - Null keys and null or infinite times match nothing.
 *
 * Times are compared as microseconds in UTC, whatever the time zone and the kind of the columns.
 * @throws {CodedError} INVALID_INPUT where a name is missing or there twice.
 */
export function pointInTimeJoin(labels: LabelTable, views: readonly HistoricalView[]): string {
  assertNames(labels, views);
  const tables = [
    `labels AS MATERIALIZED (${labelRows(labels)})`,
    ...views.flatMap((view, index) => [
      `versions_${index} AS (${versions(view)})`,
      `joined_${index} AS (${joined(labels, view, index)})`,
    ]),
  ];
  const columns = [
    ...labels.columns.map((name, at) => `labels.c${at} AS ${quoted(name)}`),
    ...views.flatMap(({ features }, index) => features.map(({ as }, at) => `joined_${index}.f${at} AS ${quoted(as)}`)),
  ];
  const joins = views.map((_, index) => `LEFT JOIN joined_${index} ON joined_${index}.position = labels.position`);
  return [
    `WITH ${tables.join(',\n')}`,
    `SELECT ${columns.join(', ')}`,
    `FROM labels ${joins.join(' ')}`,
    'ORDER BY labels.position',
  ].join('\n');
}

/** Columns get names of ours, so that none of theirs can collide with one. Materialized, so that positions stay the same. */
function labelRows({ relation, columns, eventTime }: LabelTable): string {
  const named = columns.map((name, at) => `${quoted(name)} AS c${at}`);
  return `SELECT ${named.join(', ')}, ${micros(eventTime)} AS moment, row_number() OVER () AS position FROM ${relation}`;
}

/**
 * The rows of a view that some moment sees, each with the moment from when on: it is known at the later of its event and
 * created times. A row that became known after one with a greater event time is never seen. So what a label needs is the
 * last of these rows at its moment, which an ASOF join finds however many rows an entity has; a join on both times would
 * compare each label of an entity with each of its rows.
 */
function versions({ relation, keys, eventTime, createdTime, features }: HistoricalView): string {
  const event = micros(eventTime);
  const created = createdTime === null ? null : micros(createdTime);
  const keyNames = keys.map((_, at) => `k${at}`);
  const featureNames = features.map((_, at) => `f${at}`);
  const columns = [
    ...keys.map(({ view }, at) => `${quoted(view)} AS k${at}`),
    ...features.map(({ column }, at) => `${quoted(column)} AS f${at}`),
    `${event} AS event`,
    `${created ?? 'NULL'}::BIGINT AS created`,
    // `greatest` passes over nulls.
    `greatest(${created === null ? event : `${event}, ${created}`}) AS known`,
    'row_number() OVER () AS position',
  ];
  const hasTimesAndKeys = [
    `${event} IS NOT NULL`,
    ...(createdTime === null ? [] : [`(${quoted(createdTime)} IS NULL OR ${created} IS NOT NULL)`]),
    ...keys.map(({ view }) => `${quoted(view)} IS NOT NULL`),
  ];
  const isSeen = [
    ...(created === null ? [] : ['event = max(event) OVER (becoming ROWS UNBOUNDED PRECEDING)']),
    'known IS DISTINCT FROM lead(known) OVER becoming',
  ];
  const ofEntity = keys.length === 0 ? '' : `PARTITION BY ${keyNames.join(', ')} `;
  return [
    `SELECT ${[...keyNames, ...featureNames, 'event', 'known'].join(', ')}`,
    `FROM (SELECT ${columns.join(', ')} FROM ${relation} WHERE ${hasTimesAndKeys.join(' AND ')})`,
    `WINDOW becoming AS (${ofEntity}ORDER BY known, event, created NULLS FIRST, position)`,
    `QUALIFY ${isSeen.join(' AND ')}`,
  ].join(' ');
}

/** A time as microseconds since the epoch, null where it is infinite. */
const micros = (column: string): string => `epoch_us(${quoted(column)})`;

/** The features of each label that has any, by its position. */
function joined(labels: LabelTable, { keys, ttlMs, features }: HistoricalView, index: number): string {
  const conditions = [
    ...keys.map(({ label }, at) => `labels.c${labels.columns.indexOf(label)} = versions.k${at}`),
    'labels.moment >= versions.known',
  ];
  // The widest integers, as the times may be as far apart as they can.
  const age = 'labels.moment::HUGEINT - versions.event';
  return [
    `SELECT ${['labels.position', ...features.map((_, at) => `versions.f${at}`)].join(', ')}`,
    `FROM labels ASOF JOIN versions_${index} AS versions ON ${conditions.join(' AND ')}`,
    ...(ttlMs === null ? [] : [`WHERE ${age} <= ${Math.round(ttlMs * MICROSECONDS)}`]),
  ].join(' ');
}

function assertNames({ columns, eventTime }: LabelTable, views: readonly HistoricalView[]): void {
  for (const name of [eventTime, ...views.flatMap(({ keys }) => keys.map(({ label }) => label))]) {
    if (!columns.includes(name))
      throw new CodedError('INVALID_INPUT', `The labels: there is no column ${shown(name)}.`);
  }
  assertDistinct([...columns, ...views.flatMap(({ features }) => features.map(({ as }) => as))]);
}

/** @throws {CodedError} INVALID_INPUT where two columns of a result would be called alike. */
export function assertDistinct(names: readonly string[]): void {
  const taken = new Set<string>();
  for (const name of names) {
    // Names of columns are alike in SQL whatever their case.
    if (taken.has(name.toLowerCase())) {
      throw new CodedError('INVALID_INPUT', `The result would have two columns ${shown(name)}. Give one another name.`);
    }
    taken.add(name.toLowerCase());
  }
}

const shown = (name: string): string => JSON.stringify(name);
