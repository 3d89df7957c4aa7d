import { z } from 'zod';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import type { TypedColumn } from '../value-types.js';
import { FittedTransformation } from './fitted-transformation.js';
import {
  type BoundStep,
  failedOnRows,
  invalidTransformation,
  type RowShape,
  type StepContext,
  type StepEngine,
  type StepPlan,
} from './transformation.js';
import { type TransformationDeclaration } from './transformation-declaration.js';
import { bindStep } from './transformation-kinds.js';

/** What the steps learned, in their order; `null` for a step that learns nothing. To be stored as JSON. */
export interface TransformationState {
  readonly version: 1;
  readonly steps: readonly unknown[];
}

const storedState = z.strictObject({ version: z.literal(1), steps: z.array(z.unknown()) });

interface PlacedStep {
  readonly context: StepContext;
  readonly bound: BoundStep;
}

/** A declaration over rows of a known shape: it learns from rows, and what it learned makes it ready for use. */
export class TransformationPipeline {
  private constructor(
    private readonly shape: RowShape,
    private readonly steps: readonly PlacedStep[],
    /** The columns that are added, so far as they are known before anything is learned. */
    readonly outputs: readonly TypedColumn[],
  ) {}

  /** @throws {CodedError} INVALID_TRANSFORMATION where the steps do not fit the columns, or each other. */
  static of({ steps }: TransformationDeclaration, shape: RowShape): TransformationPipeline {
    assertShape(shape);
    const columns = [...shape.columns];
    const placed = steps.map((step, index) => {
      const path = `steps[${index}]`;
      const context = { ...shape, columns: [...columns], path, id: String(index) };
      const bound = bindStep(step, context);
      addColumns(columns, bound.outputs, path);
      return { context, bound };
    });
    return new TransformationPipeline(shape, placed, columns.slice(shape.columns.length));
  }

  /** Whether rows must be seen before the steps can be used. */
  get learns(): boolean {
    return this.steps.some(({ bound }) => bound.fit !== null);
  }

  /** The steps that one row by itself does not suffice for, such as `steps[2]`: they learn, look back, or need the engine. */
  get notRowWise(): readonly string[] {
    return this.steps.filter(({ bound }) => !isRowWise(bound)).map(({ context }) => context.path);
  }

  /**
   * The columns of the rows that the steps read.
   * @param engine reads expressions; without one they are taken to read all columns. See `hasExpressions`.
   * @throws {CodedError} INVALID_EXPRESSION where an expression is refused.
   */
  async columnsRead(engine: DataEngine | null, control: StatementControl = {}): Promise<ReadonlySet<string>> {
    const read = new Set<string>();
    for (const { bound } of this.steps) {
      const inputs = engine === null ? undefined : await bound.inputsOf?.(stepEngine(engine, control));
      for (const name of inputs ?? bound.inputs) read.add(name);
    }
    return new Set(this.shape.columns.map(({ name }) => name).filter((name) => read.has(name)));
  }

  /**
   * Learns from rows, step by step: each sees what those before it made of them.
   * @param from what comes after `FROM`: a table, a view, or a query in parentheses
   * @throws {CodedError} TRANSFORMATION_FAILED where the rows do not tell what a step needs to know, or a step fails on
   *   them, INVALID_EXPRESSION where an expression is refused.
   */
  async fit(engine: DataEngine, from: string, control: StatementControl = {}): Promise<TransformationState> {
    const states: unknown[] = [];
    const plans: StepPlan[] = [];
    for (const { bound } of this.steps) {
      const before = new FittedTransformation(this.shape, this.steps, plans);
      const source = { from: `(${before.sql(from)})`, ...stepEngine(engine, control) };
      const state = bound.fit === null ? null : await bound.fit(source);
      states.push(state);
      plans.push(bound.plan(state));
    }
    this.assertOutputs(plans);
    return { version: 1, steps: states };
  }

  /** @throws {CodedError} INVALID_TRANSFORMATION where the state is not one of this declaration. */
  fitted(state: unknown): FittedTransformation {
    const { success, data } = storedState.safeParse(state);
    if (!success || data.steps.length !== this.steps.length) {
      throw invalidTransformation('state', 'the stored state does not belong to these transformations');
    }
    const plans = this.steps.map(({ bound }, index) => bound.plan(data.steps[index]));
    this.assertOutputs(plans);
    return new FittedTransformation(this.shape, this.steps, plans);
  }

  /** The names that a step learned can meet others. */
  private assertOutputs(plans: readonly StepPlan[]): void {
    const columns = [...this.shape.columns];
    for (const [index, { outputs }] of plans.entries()) {
      try {
        addColumns(columns, outputs, `steps[${index}]`);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        throw new CodedError('TRANSFORMATION_FAILED', error.message, { cause: error });
      }
    }
  }
}

const stepEngine = (engine: DataEngine, control: StatementControl): StepEngine => ({
  rows: async (sql) => {
    try {
      return await engine.rows(sql, [], control);
    } catch (error) {
      throw failedOnRows(error);
    }
  },
  checkExpression: (expression) => engine.checkExpression(expression, control),
});

function assertShape({ columns, entityKeys, eventTime }: RowShape): void {
  const checked: TypedColumn[] = [];
  addColumns(checked, columns, 'columns');
  for (const key of entityKeys) {
    if (!columns.some(({ name }) => name === key)) {
      throw invalidTransformation('entityKeys', `there is no column ${JSON.stringify(key)}`);
    }
  }
  const time = columns.find(({ name }) => name === eventTime);
  if (eventTime !== null && time?.type !== 'TIMESTAMP') {
    throw invalidTransformation('eventTime', `${JSON.stringify(eventTime)} must be a column of type TIMESTAMP`);
  }
}

const isRowWise = (bound: BoundStep): boolean =>
  bound.fit === null && bound.plan(null).outputs.every(({ valueOf, reach }) => valueOf !== null && reach === undefined);

/** The engine tells names apart without regard to case, and so must we. */
function addColumns(columns: TypedColumn[], added: readonly TypedColumn[], path: string): void {
  for (const column of added) {
    const other = columns.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
    if (other !== undefined) {
      throw invalidTransformation(
        path,
        `it adds ${JSON.stringify(column.name)}, but there is a column ${JSON.stringify(other.name)} already`,
      );
    }
    if (column.name.startsWith('__')) {
      throw invalidTransformation(path, `${JSON.stringify(column.name)}: two underscores are kept for our own columns`);
    }
    columns.push({ name: column.name, type: column.type });
  }
}
