import { z } from 'zod';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { DataEngineError } from '../../engine/data-engine-error.js';
import { quoted, sqlTypes } from '../../engine/sql-text.js';
import { valueTypes } from '../../value-types.js';
import { outputColumn } from '../fields.js';
import { columnsOf, notRowWise } from '../sql-expression.rules.js';
import { notANumber, textLiteral } from '../sql-values.js';
import { type BoundStep, learnedStep, type StepContext, type StepEngine } from '../transformation.js';

/**
 * An expression of the engine's SQL over the columns of one row, as a value of the type. What it learns is its own text
 * as the engine reads it: no text that was not checked is ever compiled.
 */
export const sqlExpression = z.strictObject({
  kind: z.literal('SQL'),
  expression: z.string().min(1).max(4_000),
  type: z.enum(valueTypes),
  output: outputColumn,
});

/** Functions of one row that always answer the same, and macros of them. */
const FUNCTIONS = `
  SELECT lower(function_name) AS "name" FROM duckdb_functions()
  GROUP BY function_name HAVING bool_and(function_type = 'scalar' AND stability = 'CONSISTENT')
  UNION ALL SELECT unnest(['nullif', 'round_even', 'fmod', 'fdiv', 'split_part', 'days_in_month', 'date_add'])`;

/** Said to be consistent, though they tell the time or the engine's state. */
const INCONSISTENT =
  /^(age|current_.*|get_current_.*|getvariable|version|json_(de)?serialize_.*|parse_duckdb_.*|pg_.*)$/;

/** They make a value as large as a number says. The engine's memory limit does not count what a function makes. */
const UNBOUNDED = /^([lr]pad|repeat|printf|format|(list|array)_resize|bar|bitstring)$/;

/** Types of more than one value. */
const NESTED = /^(STRUCT|MAP|UNION|VARIANT)|\]$/;

export function bindSqlExpression(step: z.output<typeof sqlExpression>, context: StepContext): BoundStep {
  return learnedStep({
    context,
    inputs: context.columns.map(({ name }) => name),
    outputs: [{ name: step.output, type: step.type }],
    state: z.strictObject({ expression: z.string() }),
    inputsOf: async (engine) => (await checked(step, context, engine)).columns,
    fit: async (source) => ({ expression: (await checked(step, context, source)).expression }),
    plan: ({ expression }) => {
      const value = `CAST((${expression}) AS ${step.type === 'JSON' ? 'VARCHAR' : sqlTypes[step.type]})`;
      const sql = step.type === 'FLOAT64' ? notANumber(value) : value;
      return { outputs: [{ name: step.output, type: step.type, sql, valueOf: null }] };
    },
  });
}

interface CheckedExpression {
  /** In the engine's own words. */
  readonly expression: string;
  /** That it reads. */
  readonly columns: readonly string[];
}

/** @throws {CodedError} INVALID_EXPRESSION */
async function checked(
  step: z.output<typeof sqlExpression>,
  context: StepContext,
  engine: StepEngine,
): Promise<CheckedExpression> {
  const expression = await engine.checkExpression(step.expression).catch((error: unknown) => {
    if (error instanceof CodedError && error.code === 'INVALID_EXPRESSION')
      throw invalid(context, error.message, error);
    throw error;
  });
  const [parsed] = await engine.rows(`SELECT json_serialize_sql(${textLiteral(`SELECT ${expression}`)}) AS "tree"`);
  const functions = await engine.rows(FUNCTIONS);
  const names = functions
    .map(({ name }) => String(name))
    .filter((name) => !INCONSISTENT.test(name) && !UNBOUNDED.test(name));
  const columns = new Set(context.columns.map(({ name }) => name.toLowerCase()));
  const tree: unknown = JSON.parse(String(parsed?.['tree']));
  const wrong = notRowWise(tree, columns, new Set(names));
  if (wrong !== null) throw invalid(context, wrong);
  const none = context.columns.map(({ name, type }) => `CAST(NULL AS ${sqlTypes[type]}) AS ${quoted(name)}`);
  const value = `(${expression})`;
  const row = `FROM (SELECT ${none.join(', ')})`;
  try {
    const [answer] = await engine.rows(`SELECT typeof(${value}) AS "type" ${row}`);
    const type = String(answer?.['type']);
    if (NESTED.test(type)) throw invalid(context, `it answers a ${type}, which is more than one value`);
    await engine.rows(`SELECT CAST(${value} AS ${sqlTypes[step.type]}) ${row}`);
  } catch (error) {
    const cause = error instanceof CodedError ? error.cause : error;
    if (cause instanceof DataEngineError) throw invalid(context, cause.message, cause);
    throw error;
  }
  const read = columnsOf(tree);
  return {
    expression,
    columns: context.columns.map(({ name }) => name).filter((name) => read.has(name.toLowerCase())),
  };
}

const invalid = (context: StepContext, problem: string, cause?: unknown): CodedError =>
  new CodedError('INVALID_EXPRESSION', `${context.path}.expression: ${problem.replace(/\.$/, '')}.`, { cause });
