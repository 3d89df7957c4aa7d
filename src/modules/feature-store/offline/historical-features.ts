import { rename, rm } from 'node:fs/promises';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { DataEngine, EngineRow, StatementControl } from '../engine/data-engine.js';
import { literal, quoted } from '../engine/sql-text.js';
import { type HistoricalView, type LabelTable, pointInTimeJoin } from './point-in-time.rules.js';

/** What labels are to get; the columns of the labels are those of their relation. */
export interface HistoricalRequest {
  readonly labels: Omit<LabelTable, 'columns'>;
  readonly views: readonly HistoricalView[];
}

/** The columns of a relation and their types, as DuckDB calls them. */
type Columns = ReadonlyMap<string, string>;

const isTime = (type: string): boolean => /^(TIMESTAMP|DATE)/.test(type);

/** Kinds of types that can be equal to each other. Text that looks like a number is no number. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ['text', /^(VARCHAR|ENUM|UUID)/],
  ['number', /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)/],
  ['boolean', /^BOOLEAN/],
  ['time', /^(TIMESTAMP|DATE)/],
];

const kindOf = (type: string): string => kinds.find(([, pattern]) => pattern.test(type))?.[0] ?? type;

/**
 * Writes the labels with their features as Parquet: one file, in the order of the labels. Rows stream through the engine,
 * and what its memory does not hold goes to its temporary folder. The file appears when it is whole.
 * @param path in a folder that the engine may write to.
 * @returns how many rows it has.
 * @throws {CodedError} INVALID_INPUT where columns are missing or do not fit together.
 */
export async function writeHistoricalFeatures(
  engine: DataEngine,
  request: HistoricalRequest,
  path: string,
  control: StatementControl = {},
): Promise<number> {
  return writeParquet(engine, await historicalFeaturesQuery(engine, request, control), path, control);
}

/** Writes the rows of a query of ours as Parquet. The file appears when it is whole. @returns how many rows it has. */
export async function writeParquet(
  engine: DataEngine,
  query: string,
  path: string,
  control: StatementControl,
): Promise<number> {
  const unfinished = `${path}.unfinished`;
  try {
    const [result] = await engine.rows(
      `COPY (${query}) TO ${literal(unfinished)} (FORMAT parquet, COMPRESSION zstd)`,
      [],
      control,
    );
    await rename(unfinished, path);
    return Number(result?.['Count']);
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** The labels with their features, a few thousand at a time. @throws {CodedError} INVALID_INPUT */
export async function* readHistoricalFeatures(
  engine: DataEngine,
  request: HistoricalRequest,
  control: StatementControl = {},
): AsyncGenerator<EngineRow[]> {
  yield* engine.batches(await historicalFeaturesQuery(engine, request, control), [], control);
}

/** One `SELECT` for the labels with their features, in the order of the labels. @throws {CodedError} INVALID_INPUT */
export async function historicalFeaturesQuery(
  engine: DataEngine,
  { labels, views }: HistoricalRequest,
  control: StatementControl,
): Promise<string> {
  const ofLabels = await columnsOf(engine, labels.relation, control);
  assertTime('The labels', ofLabels, labels.eventTime);
  for (const view of views) {
    const owner = `Feature view ${view.name}`;
    const ofView = await columnsOf(engine, view.relation, control);
    assertTime(owner, ofView, view.eventTime);
    if (view.createdTime !== null) assertTime(owner, ofView, view.createdTime);
    for (const { column } of view.features) typeOf(owner, ofView, column);
    for (const key of view.keys) {
      const [label, own] = [typeOf('The labels', ofLabels, key.label), typeOf(owner, ofView, key.view)];
      if (kindOf(label) === kindOf(own)) continue;
      throw new CodedError(
        'INVALID_INPUT',
        `Column ${quoted(key.label)} of the labels holds ${label}, but ${quoted(key.view)} of feature view ${view.name} ${own}: they can never be equal.`,
      );
    }
  }
  return pointInTimeJoin({ ...labels, columns: [...ofLabels.keys()] }, views);
}

async function columnsOf(engine: DataEngine, relation: string, control: StatementControl): Promise<Columns> {
  const rows = await engine.rows(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${relation})`,
    [],
    control,
  );
  return new Map(rows.map((row) => [String(row['column_name']), String(row['column_type'])]));
}

function typeOf(owner: string, columns: Columns, name: string): string {
  const type = columns.get(name);
  if (type !== undefined) return type;
  throw new CodedError('INVALID_INPUT', `${owner}: there is no column ${quoted(name)}.`);
}

function assertTime(owner: string, columns: Columns, name: string): void {
  const type = typeOf(owner, columns, name);
  if (isTime(type)) return;
  throw new CodedError('INVALID_INPUT', `${owner}: column ${quoted(name)} holds ${type}, but must hold times.`);
}
