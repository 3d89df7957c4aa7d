import { quoted, sqlTypes } from '../engine/sql-text.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { present, rowOf } from './row-values.js';
import { notANumber } from './sql-values.js';
import {
  invalidTransformation,
  type Reach,
  type Row,
  type RowShape,
  type StepOutput,
  type StepPlan,
} from './transformation.js';
import { ROW_NUMBER, windowStart } from './windows.js';

/** What a compiled transformation answers with. */
export interface CompileOptions {
  /** Columns to answer with, of the rows or added; all, unless named. */
  readonly columns?: readonly string[];
  /** Whether the rows come in the order in which they are read. */
  readonly inOrder?: boolean;
}

/** What one round over the rows adds to them. */
interface Layer {
  readonly columns: string[];
  readonly joins: string[];
}

interface Source {
  readonly inputs: readonly string[];
  readonly reach: Reach | undefined;
}

interface StepInputs {
  readonly context: { readonly path: string };
  readonly bound: { readonly inputs: readonly string[] };
}

/** Transformations that know all they need: SQL for many rows, TypeScript for one. */
export class FittedTransformation {
  readonly outputs: readonly TypedColumn[];

  /** What each added column is told by. */
  private readonly sources = new Map<string, Source>();

  /** Columns whose values of earlier rows matter. */
  private readonly lookedBackAt = new Set<string>();

  /** @param plans of the first so many steps */
  constructor(
    private readonly shape: RowShape,
    private readonly steps: readonly StepInputs[],
    private readonly plans: readonly StepPlan[],
  ) {
    this.outputs = plans.flatMap(({ outputs }) => outputs.map(({ name, type }) => ({ name, type })));
    for (const [index, { outputs }] of plans.entries()) {
      const inputs = steps[index]?.bound.inputs ?? [];
      for (const { name, reach } of outputs) this.sources.set(name, { inputs, reach });
    }
    for (const { name } of this.outputs.toReversed()) {
      const source = this.sources.get(name);
      if (source?.reach === undefined && !this.lookedBackAt.has(name)) continue;
      for (const input of source?.inputs ?? []) this.lookedBackAt.add(input);
    }
  }

  /** The steps that only the engine can carry out, such as `steps[2]`. Without any, `valuesOf` can be used. */
  get engineOnly(): readonly string[] {
    return this.steps
      .slice(0, this.plans.length)
      .filter((_, index) => this.plans[index]?.outputs.some(({ valueOf }) => valueOf === null))
      .map(({ context }) => context.path);
  }

  /** Whether a row is transformed by the rows before it, too. */
  get needsHistory(): boolean {
    return this.plans.some(({ outputs }) => outputs.some(({ reach }) => reach !== undefined));
  }

  /**
   * Which rows before a new one `valuesOf` needs, so that no more have to be kept.
   * @param rows of one entity by event time, the oldest first and the new one last
   * @returns the index of the first that matters
   */
  historyStart(rows: readonly Row[]): number {
    const known = new Map<string, number>();
    const startOf = (name: string, index: number): number => {
      const key = `${index} ${name}`;
      const start = known.get(key) ?? this.startOf(name, index, rows, startOf);
      known.set(key, start);
      return start;
    };
    return Math.max(0, Math.min(...this.outputs.map(({ name }) => startOf(name, rows.length - 1)), rows.length - 1));
  }

  /** The first row that a column of the row at `index` is told by: windows may lie over windows. */
  private startOf(
    name: string,
    index: number,
    rows: readonly Row[],
    startOf: (name: string, index: number) => number,
  ): number {
    const source = this.sources.get(name);
    if (source === undefined) return index;
    const { inputs, reach } = source;
    const start =
      reach === undefined ? index : windowStart(rows.slice(0, index), rows[index] ?? {}, reach, this.shape.eventTime);
    return Math.min(start, ...inputs.map((input) => startOf(input, start)));
  }

  /**
   * A query that transforms all rows: none is lost, none comes twice.
   * @param from what comes after `FROM`: a table, a view, or a query in parentheses
   */
  sql(from: string, { columns, inOrder = false }: CompileOptions = {}): string {
    const layers = this.layers();
    const names = layers.map((_, index) => quoted(`__layer${index + 1}`));
    const queries = layers.map((layer, index) => {
      const source = `${names[index - 1] ?? '"__rows"'} AS "__source" ${layer.joins.join(' ')}`;
      return `${names[index] ?? ''} AS (SELECT "__source".*, ${layer.columns.join(', ')} FROM ${source})`;
    });
    const answered = columns ?? [...this.shape.columns, ...this.outputs].map(({ name }) => name);
    return (
      `WITH ${[`"__rows" AS (${this.rowsOf(from)})`, ...queries].join(', ')} ` +
      `SELECT ${answered.map(quoted).join(', ')} FROM ${names.at(-1) ?? '"__rows"'}` +
      (inOrder ? ` ORDER BY ${quoted(ROW_NUMBER)}` : '')
    );
  }

  /**
   * The added columns of one row, with the numbers that the engine would answer.
   * @param earlier rows of the same entity by event time, the oldest first; see `historyStart`
   * @throws {CodedError} INVALID_INPUT where a value is not of its column's type, INVALID_TRANSFORMATION where a step is
   *   one for the engine alone.
   */
  valuesOf(row: Row, earlier: readonly Row[] = []): Record<string, FeatureValue> {
    const [only] = this.engineOnly;
    if (only !== undefined) throw invalidTransformation(only, 'only the engine can carry this out');
    const known: Row[] = [];
    for (const each of earlier) known.push(this.withOutputs(each, known, ({ name }) => this.lookedBackAt.has(name)));
    const values = this.withOutputs(row, known, () => true);
    return Object.fromEntries(this.outputs.map(({ name }) => [name, values[name] ?? null]));
  }

  private withOutputs(row: Row, earlier: readonly Row[], isWanted: (output: StepOutput) => boolean): Row {
    const values = rowOf(this.shape.columns, row);
    for (const { outputs } of this.plans) {
      for (const output of outputs) {
        if (isWanted(output)) values[output.name] = present(output.valueOf?.(values, earlier));
      }
    }
    return values;
  }

  /** The known columns alone, with NaN as what it is in pandas: a missing value. */
  private rowsOf(from: string): string {
    const columns = this.shape.columns.map(({ name, type }) => {
      const value = type === 'JSON' ? quoted(name) : `CAST(${quoted(name)} AS ${sqlTypes[type]})`;
      return `${type === 'FLOAT64' ? notANumber(value) : value} AS ${quoted(name)}`;
    });
    return `SELECT ${[...columns, `row_number() OVER () AS ${quoted(ROW_NUMBER)}`].join(', ')} FROM ${from}`;
  }

  /** Steps that do not use each other's columns share a round, so that the engine sorts once for all their windows. */
  private layers(): Layer[] {
    const layers: Layer[] = [];
    const available = new Map<string, number>();
    const place = (level: number, name: string, sql: string): void => {
      const layer = (layers[level] ??= { columns: [], joins: [] });
      layer.columns.push(`${sql} AS ${quoted(name)}`);
      available.set(name, level + 1);
    };
    for (const [index, { outputs, helpers = [], join }] of this.plans.entries()) {
      let level = Math.max(0, ...(this.steps[index]?.bound.inputs ?? []).map((name) => available.get(name) ?? 0));
      for (const { name, sql } of helpers) {
        if (!available.has(name)) place(level, name, sql);
        level = Math.max(level, available.get(name) ?? 0);
      }
      for (const { name, sql } of outputs) place(level, name, sql);
      if (join !== undefined) (layers[level] ??= { columns: [], joins: [] }).joins.push(join);
    }
    return layers;
  }
}
