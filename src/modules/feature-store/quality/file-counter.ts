import { DataEngineError } from '../engine/data-engine-error.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { DataSchema } from '../sources/data-source.js';
import type { ExpressionCounts, ExpressionRule, FileCounts } from './data-quality.js';
import { countingStatement, duplicatesStatement, type SnapshotFile, typedRowsOf } from './file-counts.rules.js';

/** Counts in one file what quality is made of. */
export async function countFile(
  engine: DataEngine,
  file: SnapshotFile,
  schema: DataSchema,
  rules: readonly ExpressionRule[],
  control: StatementControl,
): Promise<FileCounts> {
  const [row = {}] = await engine.rows(countingStatement(file, schema), [], control);
  const repeated = duplicatesStatement(file, schema);
  const [duplicates] = repeated === null ? [] : await engine.rows(repeated, [], control);
  const expressions: ExpressionCounts[] = [];
  for (const rule of rules) expressions.push(await countBroken(engine, typedRowsOf(file, schema), rule, control));
  return {
    rows: Number(row['rows']),
    invalidRows: Number(row['invalid']),
    duplicates: duplicates === undefined ? null : Number(duplicates['duplicates']),
    newestEvent: typeof row['newest'] === 'number' ? row['newest'] : null,
    columns: schema.columns.map(({ name }, at) => ({
      column: name,
      present: Number(row[`present_${at}`]),
      invalid: Number(row[`invalid_${at}`]),
    })),
    expressions,
  };
}

/** How many rows a rule is false for; it was checked when it was declared, but rows or columns may be others now. */
async function countBroken(
  engine: DataEngine,
  rows: string,
  { name, expression }: ExpressionRule,
  control: StatementControl,
): Promise<ExpressionCounts> {
  try {
    const safe = await engine.checkExpression(expression, control);
    const [row] = await engine.rows(`SELECT count(*) AS broken FROM ${rows} WHERE (${safe}) IS FALSE`, [], control);
    return { rule: name, broken: Number(row?.['broken']), error: null };
  } catch (error) {
    if (!isFaultOfRule(error)) throw error;
    return { rule: name, broken: 0, error: 'The engine cannot evaluate the expression for these rows.' };
  }
}

/** What the engine says of values is not repeated: they may be sensitive. */
const isFaultOfRule = (error: unknown): boolean =>
  error instanceof DataEngineError || (error instanceof CodedError && error.code === 'INVALID_EXPRESSION');
