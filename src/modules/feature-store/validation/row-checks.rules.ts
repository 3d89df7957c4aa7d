import { ROW, STAGED } from '../connectors/staged-batch.js';
import { literal, quoted } from '../engine/sql-text.js';
import type { DataSchema } from '../sources/data-source.js';
import {
  checksOf,
  faultBits,
  faultsColumn,
  faultsOf,
  textColumn,
  valueColumn,
  valueOf,
  valueRules,
} from './value-checks.rules.js';

/** The table of a batch after it was checked: values by the names of their columns, and the faults of each row. */
export const CHECKED = 'checked';

/** Whether a row breaks a rule that is of more than one row. */
export const DUPLICATE = '__is_duplicate';

/** Whether a row breaks any rule. */
export const INVALID = '__is_invalid';

/** Column of a file of quarantine: the rules that a row broke, as JSON. */
export const VIOLATIONS = '__violations';

/** The statement that makes the table {@link CHECKED} of the staged rows. */
export function checkingStatement(schema: DataSchema, now: Date): string {
  const { columns } = schema;
  const row = quoted(ROW);
  const texts = columns.map(({ name }, at) => `${quoted(name)} AS ${textColumn(at)}`);
  const values = columns.map(({ type }, at) => `${valueOf(textColumn(at), type)} AS ${valueColumn(at)}`);
  const faults = columns.map((column, at) => {
    const checks = checksOf(column, textColumn(at), valueColumn(at), schema.eventTimeColumn, now);
    return `CAST(${faultsOf(checks)} AS UTINYINT) AS ${faultsColumn(at)}`;
  });
  const isFaulty = columns.map((_, at) => `${faultsColumn(at)} > 0`).join(' OR ');
  const named = columns.map(({ name }, at) => `${valueColumn(at)} AS ${quoted(name)}`);
  const kept = columns.map((_, at) => faultsColumn(at));
  return `CREATE TABLE ${CHECKED} AS
    WITH texts AS (SELECT ${row}, ${texts.join(', ')} FROM ${STAGED}),
    typed AS (SELECT *, ${values.join(', ')} FROM texts),
    judged AS (SELECT *, ${faults.join(', ')} FROM typed),
    compared AS (SELECT *, (${isFaulty}) AS "__is_faulty", ${duplicateOf(schema, isFaulty)} AS ${quoted(DUPLICATE)} FROM judged)
    SELECT ${row}, ${named.join(', ')}, ${kept.join(', ')}, ${quoted(DUPLICATE)},
      "__is_faulty" OR ${quoted(DUPLICATE)} AS ${quoted(INVALID)}
    FROM compared`;
}

/** Whether the rows of {@link CHECKED} are in their order; comparing them with each other shuffles them. */
export const isInOrder = ({ keyColumns, hasUniqueRows }: DataSchema): boolean =>
  keyColumns.length === 0 && !hasUniqueRows;

/** Of rows that are one, the first without another fault is kept. */
function duplicateOf({ columns, keyColumns, hasUniqueRows }: DataSchema, isFaulty: string): string {
  const positions = keyColumns.map((name) => columns.findIndex((column) => column.name === name));
  const order = `ORDER BY (${isFaulty}), ${quoted(ROW)}`;
  if (positions.length > 0) {
    const keys = positions.map(valueColumn);
    const hasKey = keys.map((key) => `${key} IS NOT NULL`).join(' AND ');
    return `(${hasKey} AND row_number() OVER (PARTITION BY ${keys.join(', ')} ${order}) > 1)`;
  }
  if (!hasUniqueRows) return 'false';
  return `(row_number() OVER (PARTITION BY ${columns.map((_, at) => textColumn(at)).join(', ')} ${order}) > 1)`;
}

/** The rules that a row of {@link CHECKED} broke, as JSON such as `[{"column":"age","rule":"RANGE"}]`, as SQL. */
export function violationTexts({ columns, keyColumns }: DataSchema): string {
  const values = columns.flatMap(({ name }, at) =>
    valueRules.map(
      (rule) => `CASE WHEN checked.${faultsColumn(at)} & ${faultBits[rule]} > 0 THEN ${violation(name, rule)} END`,
    ),
  );
  const key = keyColumns.length === 1 ? (keyColumns[0] ?? null) : null;
  const rule = keyColumns.length > 0 ? 'DUPLICATE_KEY' : 'DUPLICATE_ROW';
  const duplicate = `CASE WHEN checked.${quoted(DUPLICATE)} THEN ${violation(key, rule)} END`;
  return `'[' || concat_ws(',', ${[...values, duplicate].join(', ')}) || ']'`;
}

const violation = (column: string | null, rule: string): string => literal(JSON.stringify({ column, rule }));
