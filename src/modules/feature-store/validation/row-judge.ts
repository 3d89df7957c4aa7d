import { ROW, STAGED } from '../connectors/staged-batch.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import type { DataSchema } from '../sources/data-source.js';
import {
  CHECKED,
  checkedStatement,
  FAULTY_ROWS,
  INVALID,
  judgingStatement,
  repeatedStatement,
  type TextRows,
} from './row-checks.rules.js';

/** The rows of a batch that is in a table. */
export const stagedRows: TextRows = { relation: STAGED, isNumbered: true };

/** Makes `checked` of rows: what each says, and what is wrong with its values. @param now what event times are compared with. */
export async function judgeRows(
  engine: DataEngine,
  schema: DataSchema,
  rows: TextRows,
  now: Date,
  control: StatementControl,
): Promise<void> {
  await engine.run(judgingStatement(schema, now, rows), [], control);
  await engine.run(checkedStatement(schema, rows), [], control);
}

/** Marks rows of `checked` that come again, where that is a fault. */
export async function markRepeated(engine: DataEngine, schema: DataSchema, control: StatementControl): Promise<void> {
  const statement = repeatedStatement(schema);
  if (statement !== null) await engine.run(statement, [], control);
}

/** Keeps the rows that are wrong, as they came: a file is read once more for them. */
export async function keepFaulty(engine: DataEngine, control: StatementControl): Promise<void> {
  await engine.run(
    `CREATE TABLE ${FAULTY_ROWS} AS FROM ${STAGED} WHERE ${quoted(ROW)} IN (
       SELECT ${quoted(ROW)} FROM ${CHECKED} WHERE ${quoted(INVALID)})`,
    [],
    control,
  );
}
