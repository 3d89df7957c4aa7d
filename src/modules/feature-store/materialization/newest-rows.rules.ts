import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { quoted } from '../engine/sql-text.js';
import { rowColumnsOf } from '../offline/feature-view-rows.rules.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';

const MICROSECONDS = 1_000;

/** Column that keeps the order of rows, by which ties of their times are told apart. */
const POSITION = '__position';

/** What is brought online. */
export interface RowsWanted {
  /** Least event time, inclusive; null for none. */
  readonly from: Date | null;
  /** Greatest event time, inclusive. */
  readonly to: Date;
  /** The key of the entity after which to begin, in the order of keys; null for the first. */
  readonly after: readonly FeatureValue[] | null;
}

/** A statement of ours. */
export interface Query {
  readonly sql: string;
  readonly parameters: readonly FeatureValue[];
}

/**
 * The newest row of each entity in an interval, in the order of their keys: of all rows of an entity the one that the
 * online store would keep. Rows whose key is not whole are about nobody.
 * @param relation what comes after `FROM`: the keys, times and features, in their order.
 */
export function newestRows(view: FeatureViewVersion, relation: string, wanted: RowsWanted): Query {
  const { where, parameters } = rowsOfInterval(view, wanted);
  const columns = rowColumnsOf(view).map(quoted).join(', ');
  const { keys, event } = names(view);
  const created = view.createdTime === null ? '' : `${quoted(view.createdTime)} DESC NULLS LAST, `;
  const bounds = wanted.from === null ? where : `${where} AND ${event} >= ${momentOf(wanted.from)}`;
  return {
    sql:
      `SELECT ${columns} FROM (SELECT *, row_number() OVER () AS "${POSITION}" FROM ${relation}) WHERE ${bounds} ` +
      `QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY ${event} DESC, ${created}"${POSITION}" DESC) = 1 ` +
      `ORDER BY ${keys}`,
    parameters,
  };
}

/**
 * All rows of the entities that have one in an interval, up to its end: each entity's together and by event time, the
 * entities in the order of their keys.
 * @param relation what comes after `FROM`: the columns of the source that the view reads, in their order.
 */
export function rowsOfEntities(view: FeatureViewVersion, relation: string, wanted: RowsWanted): Query {
  const { where, parameters } = rowsOfInterval(view, wanted);
  const columns = view.columns.map(({ name }) => quoted(name)).join(', ');
  const { keys, event } = names(view);
  const qualify =
    wanted.from === null ? '' : `QUALIFY max(${event}) OVER (PARTITION BY ${keys}) >= ${momentOf(wanted.from)} `;
  return {
    sql:
      `SELECT ${columns} FROM (SELECT *, row_number() OVER () AS "${POSITION}" FROM ${relation}) WHERE ${where} ` +
      `${qualify}ORDER BY ${keys}, ${event}, "${POSITION}"`,
    parameters,
  };
}

function names({ keys, eventTime }: FeatureViewVersion): { readonly keys: string; readonly event: string } {
  return { keys: keys.map(({ name }) => quoted(name)).join(', '), event: quoted(eventTime ?? '') };
}

function rowsOfInterval(
  view: FeatureViewVersion,
  { to, after }: RowsWanted,
): { readonly where: string; readonly parameters: readonly FeatureValue[] } {
  const { keys, event } = names(view);
  const conditions = [
    ...view.keys.map(({ name }) => `${quoted(name)} IS NOT NULL`),
    `isfinite(${event})`,
    `${event} <= ${momentOf(to)}`,
  ];
  if (after !== null) conditions.push(`(${keys}) > (${view.keys.map(parameterOf).join(', ')})`);
  const parameters = after === null ? [] : after.map((value, at) => engineValue(value, view.keys[at]?.type));
  return { where: conditions.join(' AND '), parameters };
}

const momentOf = (moment: Date): string => `make_timestamp(${moment.getTime() * MICROSECONDS})`;

const parameterOf = ({ type }: TypedColumn): string => (type === 'TIMESTAMP' ? 'make_timestamp(?)' : '?');

/** Moments are whole microseconds for the engine. */
const engineValue = (value: FeatureValue, type: TypedColumn['type'] | undefined): FeatureValue =>
  type === 'TIMESTAMP' ? Math.round(Number(value) * MICROSECONDS) : value;
