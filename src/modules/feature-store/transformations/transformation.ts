import type { z } from 'zod';
import { CodedError } from '../../../common/errors/coded-error.js';
import { DataEngineError } from '../engine/data-engine-error.js';
import type { FeatureValue, TypedColumn, ValueType } from '../value-types.js';

export type Row = Readonly<Record<string, FeatureValue>>;

/** What is known of the rows that are transformed. */
export interface RowShape {
  readonly columns: readonly TypedColumn[];
  /** Columns that tell whose row it is; windows do not reach over entities. */
  readonly entityKeys: readonly string[];
  /** Column of the event time, by which windows are ordered; `null` where rows have none, as in a request. */
  readonly eventTime: string | null;
}

/** What a step may use: the shape of the rows, with the columns of the steps before. */
export interface StepContext extends RowShape {
  /** Where the step stands, such as `steps[2]`, for messages. */
  readonly path: string;
  /** A name for what belongs to this step alone. */
  readonly id: string;
}

/** How far back from a row a window begins: so many rows, or so much time. */
export type Reach = { readonly rows: number } | { readonly durationMs: number };

/** A column that a step adds. */
export interface StepOutput extends TypedColumn {
  /** Its value as SQL over the columns of a row. */
  readonly sql: string;
  /**
   * Its value in TypeScript, by the same arithmetic, from a row and the rows of its entity before it, the oldest first;
   * `null` where only the engine can tell.
   */
  readonly valueOf: ((row: Row, earlier: readonly Row[]) => FeatureValue) | null;
  /** How far back `valueOf` looks; absent where the row is enough. */
  readonly reach?: Reach;
}

export interface StepPlan {
  readonly outputs: readonly StepOutput[];
  /** Columns that must be there before the outputs can be told. Equal names mean equal columns. */
  readonly helpers?: readonly { readonly name: string; readonly sql: string }[];
  /** A `LEFT JOIN` that the outputs use; it must not multiply rows. */
  readonly join?: string;
}

/** The engine, as steps ask it. */
export interface StepEngine {
  rows(sql: string): Promise<Row[]>;
  /** @throws {CodedError} INVALID_EXPRESSION. @returns the expression in the engine's own words. */
  checkExpression(expression: string): Promise<string>;
}

/** The rows that a step learns from: those of all steps before it. */
export interface FitSource extends StepEngine {
  /** What comes after `FROM`. */
  readonly from: string;
}

/** A declared step over known columns, ready to be learned and compiled. */
export interface BoundStep {
  /** Columns that it reads; of an expression, all that it may read. */
  readonly inputs: readonly string[];
  /** For an expression: checks it, and tells which columns it reads. @throws {CodedError} INVALID_EXPRESSION */
  readonly inputsOf?: (engine: StepEngine) => Promise<readonly string[]>;
  /** What it adds, so far as that is known before it has learned. */
  readonly outputs: readonly TypedColumn[];
  /** Learns what the step needs to know; JSON. `null` where there is nothing to learn. */
  readonly fit: ((source: FitSource) => Promise<unknown>) | null;
  /** @param state what `fit` answered. @throws {CodedError} INVALID_TRANSFORMATION where it is something else. */
  plan(state: unknown): StepPlan;
}

/** A step that knows all it needs from its declaration. */
export const fixedStep = (inputs: readonly string[], plan: StepPlan): BoundStep => ({
  inputs,
  outputs: plan.outputs.map(({ name, type }) => ({ name, type })),
  fit: null,
  plan: () => plan,
});

/** A step that learns from rows, keeps what it learned, and uses it from then on. */
export function learnedStep<State>(step: {
  readonly context: StepContext;
  readonly inputs: readonly string[];
  readonly outputs: readonly TypedColumn[];
  readonly state: z.ZodType<State>;
  readonly inputsOf?: BoundStep['inputsOf'];
  fit(source: FitSource): Promise<State>;
  plan(state: State): StepPlan;
}): BoundStep {
  return {
    inputs: step.inputs,
    ...(step.inputsOf !== undefined && { inputsOf: step.inputsOf }),
    outputs: step.outputs,
    fit: async (source) => {
      const { success, data } = step.state.safeParse(await step.fit(source));
      if (!success) throw cannotLearn(step.context, 'what it learns from these rows is too large to keep');
      return data;
    },
    plan: (state) => {
      const { success, data } = step.state.safeParse(state);
      if (!success) throw invalidTransformation(step.context.path, 'the stored state does not belong to this step');
      return step.plan(data);
    },
  };
}

export const invalidTransformation = (path: string, problem: string): CodedError =>
  new CodedError('INVALID_TRANSFORMATION', `${path}: ${problem}.`);

export const cannotLearn = (context: StepContext, problem: string): CodedError =>
  new CodedError('TRANSFORMATION_FAILED', `${context.path}: ${problem}.`);

/** What the engine threw while it transformed rows, as an error that says so. */
export const failedOnRows = (error: unknown): unknown =>
  error instanceof DataEngineError
    ? new CodedError('TRANSFORMATION_FAILED', `The transformations fail on these rows: ${error.message}`, {
        cause: error,
      })
    : error;

/** @throws {CodedError} INVALID_TRANSFORMATION where there is no such column, or where it is of another type. */
export function columnOf(context: StepContext, field: string, name: string, types: readonly ValueType[]): TypedColumn {
  const column = context.columns.find((each) => each.name === name);
  if (column === undefined) {
    const names = context.columns.map((each) => each.name).join(', ');
    throw invalidTransformation(
      `${context.path}.${field}`,
      `there is no column ${JSON.stringify(name)} here; there are ${names.slice(0, 1_000)}`,
    );
  }
  if (!types.includes(column.type)) {
    throw invalidTransformation(
      `${context.path}.${field}`,
      `${JSON.stringify(name)} is ${column.type}, but this takes ${types.join(' or ')}`,
    );
  }
  return column;
}
