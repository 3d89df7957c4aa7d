import { ROW } from '../connectors/staged-batch.js';
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

/** The table of what each row of a batch says, the faults of its values, and whether it is repeated. */
export const JUDGED = 'judged';

/** The view of {@link JUDGED} that others use: values by the names of their columns, and what is wrong with each row. */
export const CHECKED = 'checked';

/** The table of the rows that are wrong, as they came; it is there where there are any. */
export const FAULTY_ROWS = 'faulty';

/** Whether a row breaks a rule that is of more than one row. */
export const DUPLICATE = '__is_duplicate';

/** Whether a row breaks any rule. */
export const INVALID = '__is_invalid';

/** Whether a value of a row breaks a rule. */
const FAULTY = '"__is_faulty"';

/** Column of a file of quarantine: the rules that a row broke, as JSON. */
export const VIOLATIONS = '__violations';

/** Where rows are read as text. */
export interface TextRows {
  /** A relation with one text for each column of the schema, as SQL. */
  readonly relation: string;
  /** Whether it has the numbers of the rows; they are counted as they come otherwise. */
  readonly isNumbered: boolean;
}

/** The statement that makes the table {@link JUDGED} of rows, in their order. */
export function judgingStatement(schema: DataSchema, now: Date, { relation, isNumbered }: TextRows): string {
  const { columns } = schema;
  const number = isNumbered ? [quoted(ROW)] : [];
  const texts = columns.map(({ name }, at) => `${quoted(name)} AS ${textColumn(at)}`);
  const values = columns.map(({ type }, at) => `${valueOf(textColumn(at), type)} AS ${valueColumn(at)}`);
  const faults = columns.map((column, at) => {
    const checks = checksOf(column, textColumn(at), valueColumn(at), schema.eventTimeColumn, now);
    return `CAST(${faultsOf(checks)} AS UTINYINT) AS ${faultsColumn(at)}`;
  });
  const named = columns.map(({ name }, at) => `${valueColumn(at)} AS ${quoted(name)}`);
  const kept = columns.map((_, at) => faultsColumn(at));
  return `CREATE TABLE ${JUDGED} AS
    WITH texts AS (SELECT ${[...number, ...texts].join(', ')} FROM ${relation}),
    typed AS (SELECT *, ${values.join(', ')} FROM texts),
    found AS (SELECT *, ${faults.join(', ')} FROM typed)
    SELECT ${[...number, ...named, ...kept].join(', ')}, (${kept.map((column) => `${column} > 0`).join(' OR ')}) AS ${FAULTY},
      false AS ${quoted(DUPLICATE)}
    FROM found`;
}

/** The statement that makes {@link CHECKED}. */
export function checkedStatement({ columns }: DataSchema, { isNumbered }: Pick<TextRows, 'isNumbered'>): string {
  const names = columns.flatMap(({ name }, at) => [quoted(name), faultsColumn(at)]);
  return `CREATE VIEW ${CHECKED} AS
    SELECT ${isNumbered ? '' : 'rowid + 1 AS '}${quoted(ROW)}, ${names.join(', ')}, ${quoted(DUPLICATE)},
      ${FAULTY} OR ${quoted(DUPLICATE)} AS ${quoted(INVALID)} FROM ${JUDGED}`;
}

/** The statement that marks repeated rows; null where none are a fault. Of rows that are one, the first without another fault is kept. */
export function repeatedStatement({ columns, keyColumns, hasUniqueRows }: DataSchema): string | null {
  if (keyColumns.length === 0 && !hasUniqueRows) return null;
  const same = (keyColumns.length > 0 ? keyColumns : columns.map(({ name }) => name)).map(quoted);
  const isCompared =
    keyColumns.length > 0
      ? same.map((key) => `${key} IS NOT NULL`)
      : columns.map((_, at) => `${faultsColumn(at)} & ${faultBits.TYPE} = 0`);
  return `UPDATE ${JUDGED} SET ${quoted(DUPLICATE)} = true WHERE rowid IN (
    SELECT row FROM (
      SELECT rowid AS row, row_number() OVER (PARTITION BY ${same.join(', ')} ORDER BY ${FAULTY}, rowid) AS place
      FROM ${JUDGED} WHERE ${isCompared.join(' AND ')})
    WHERE place > 1)`;
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
