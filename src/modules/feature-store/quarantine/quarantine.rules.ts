import type { EngineRow } from '../engine/data-engine.js';
import { literal, quoted } from '../engine/sql-text.js';
import { ROW } from '../connectors/staged-batch.js';
import type { DataSchema } from '../sources/data-source.js';
import { CHECKED, DUPLICATE, INVALID, JUDGED, VIOLATIONS } from '../validation/row-checks.rules.js';
import type { QuarantineCriteria, QuarantinedRow, RowViolation } from './quarantined-row.js';

/** How violations of a kind stand in the text of a row's violations; null for any. */
export function violationText({ rule, column }: QuarantineCriteria): string | null {
  if (rule === undefined && column === undefined) return null;
  if (rule === undefined) return `{"column":${JSON.stringify(column)},`;
  return column === undefined ? `"rule":"${rule}"}` : `{"column":${JSON.stringify(column)},"rule":"${rule}"}`;
}

/** Rows of a file of quarantine behind a row, as SQL: at most `limit`, by their numbers. */
export function quarantinedStatement(
  path: string,
  criteria: QuarantineCriteria,
  afterRow: number,
  limit: number,
): string {
  const text = violationText(criteria);
  const isWanted = text === null ? 'true' : `contains(${quoted(VIOLATIONS)}, ${literal(text)})`;
  return `SELECT * FROM read_parquet(${literal(path)})
    WHERE ${quoted(ROW)} > ${afterRow} AND ${isWanted} ORDER BY ${quoted(ROW)} LIMIT ${limit}`;
}

/** A row as it may be shown. A column that the schema does not have any more may have been sensitive. */
export function shownRow(collectionId: string, row: EngineRow, { columns }: DataSchema): QuarantinedRow {
  const shown = new Set(columns.filter(({ isSensitive }) => !isSensitive).map(({ name }) => name));
  const { [ROW]: number, [VIOLATIONS]: violations, ...values } = row;
  return {
    collectionId,
    row: Number(number),
    values: Object.entries(values).map(([column, value]) => ({
      column,
      value: value === null || !shown.has(column) ? null : String(value),
      isMasked: !shown.has(column),
    })),
    violations: JSON.parse(String(violations)) as RowViolation[],
  };
}

/** Marks rows of `checked` as repeated that the relation has already: a replay adds rows, and changes none. */
export function knownRowsStatement(
  { keyColumns, hasUniqueRows, columns }: DataSchema,
  known: { readonly relation: string; readonly columns: ReadonlySet<string> },
): string | null {
  const names = keyColumns.length > 0 ? keyColumns : hasUniqueRows ? columns.map(({ name }) => name) : [];
  if (names.length === 0 || !names.every((name) => known.columns.has(name))) return null;
  const isSame = names.map((name) => `${textOf('known', name)} IS NOT DISTINCT FROM ${textOf('own', name)}`);
  return `UPDATE ${JUDGED} SET ${quoted(DUPLICATE)} = true WHERE ${quoted(ROW)} IN (
    SELECT own.${quoted(ROW)} FROM ${CHECKED} AS own JOIN ${known.relation} AS known ON ${isSame.join(' AND ')}
    WHERE NOT own.${quoted(INVALID)})`;
}

const textOf = (alias: string, name: string): string => `CAST(${alias}.${quoted(name)} AS VARCHAR)`;
