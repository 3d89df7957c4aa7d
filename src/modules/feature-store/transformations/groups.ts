import { z } from 'zod';
import { quoted } from '../engine/sql-text.js';
import { MAX_GROUPS } from './fields.js';
import { asKey, textLiteral } from './sql-values.js';
import { cannotLearn, type FitSource, type Row, type StepContext } from './transformation.js';

/** A value for each group that was seen; groups are named by the texts of their columns. */
export const groupValues = z.array(z.strictObject({ key: z.array(z.string()), value: z.number().nullable() }));

export type GroupValues = z.output<typeof groupValues>;

/** Learns one value for each group. Rows that lack a part of the name belong to none. */
export async function groupsOf(
  source: FitSource,
  context: StepContext,
  by: readonly string[],
  value: string,
): Promise<GroupValues> {
  const names = by.map((_, index) => quoted(`key${index}`));
  const keys = by.map((column, index) => `CAST(${quoted(column)} AS VARCHAR) AS ${names[index] ?? ''}`);
  const present = by.map((column) => `${quoted(column)} IS NOT NULL`);
  const rows = await source.rows(
    `SELECT ${keys.join(', ')}, ${value} AS "value" FROM ${source.from} WHERE ${present.join(' AND ')} ` +
      `GROUP BY ${by.map(quoted).join(', ')} ORDER BY ${names.join(', ')} LIMIT ${MAX_GROUPS + 1}`,
  );
  if (rows.length > MAX_GROUPS) {
    throw cannotLearn(context, `there are more than ${MAX_GROUPS} groups by ${by.join(', ')}, which is the most`);
  }
  return rows.map((row) => ({
    key: by.map((_, index) => String(row[`key${index}`])),
    value: row['value'] === null ? null : Number(row['value']),
  }));
}

/** How a step looks the values of groups up, in the engine and out of it. */
export interface GroupLookup {
  readonly join: string;
  /** The value as SQL; `NULL` for a group that was not seen. */
  readonly value: string;
  /** Whether all parts of the name are there, as SQL. */
  readonly isNamed: string;
  /** `undefined` where a part of the name is missing, `null` for a group that was not seen. */
  readonly valueOf: (row: Row) => number | null | undefined;
}

export function lookupOf(context: StepContext, by: readonly string[], groups: GroupValues): GroupLookup {
  const table = quoted(`__groups ${context.id}`);
  const found = quoted(`__group ${context.id}`);
  const matches = by.map(
    (column, index) => `CAST(${quoted(column)} AS VARCHAR) = ${table}.${found}."key"[${index + 1}]`,
  );
  const json = textLiteral(JSON.stringify(groups));
  const values = new Map(groups.map(({ key, value }) => [JSON.stringify(key), value]));
  return {
    join:
      `LEFT JOIN (SELECT unnest(from_json(${json}, '[{"key":["VARCHAR"],"value":"DOUBLE"}]')) AS ${found}) ` +
      `AS ${table} ON ${matches.join(' AND ')}`,
    value: `${table}.${found}."value"`,
    isNamed: by.map((column) => `${quoted(column)} IS NOT NULL`).join(' AND '),
    valueOf: (row) => {
      const key = by.map((column) => asKey(row[column]));
      return key.includes(null) ? undefined : (values.get(JSON.stringify(key)) ?? null);
    },
  };
}
