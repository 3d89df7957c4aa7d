import { CodedError } from '../../../../common/errors/coded-error.js';
import type { DataEngine, StatementControl } from '../../engine/data-engine.js';
import { quoted } from '../../engine/sql-text.js';
import type { Watermark } from '../../sources/connections/watermark.js';
import type { DataColumn } from '../../sources/data-source.js';
import type { FeatureValue } from '../../value-types.js';
import { ROW, STAGED, type StagedBatch } from '../staged-batch.js';
import { ARRIVED, seenCount, stageUnseen, type WatermarkCursor } from '../unseen-rows.js';
import { type ResultColumn, selectionOf, watermarkCondition } from './database-query.rules.js';
import type { DatabaseSession, TextRow } from './database-session.js';

/** A relation that is being read. */
export interface Reading {
  readonly session: DatabaseSession;
  readonly engine: DataEngine;
  /** As SQL that may stand after `FROM`. */
  readonly relation: string;
  readonly found: readonly ResultColumn[];
  /** The columns of the schema, and those of them that were found. */
  readonly columns: readonly DataColumn[];
  readonly present: readonly DataColumn[];
  readonly maxRows: number;
  /** Longest row, in UTF-16 code units. */
  readonly maxRowLength: number;
  readonly control: StatementControl;
}

type Batch = Pick<StagedBatch, 'rows' | 'cursor' | 'isWhole'>;

/** Reads all rows. @throws {CodedError} SOURCE_FAILED where there are none, or too many. */
export async function readAll(reading: Reading): Promise<Batch> {
  const { found, present, relation, maxRows } = reading;
  const rows = await readInto(
    STAGED,
    reading,
    `SELECT ${selectionOf(found, present)} FROM ${relation} LIMIT ${maxRows + 1}`,
  );
  if (rows === 0) throw new CodedError('SOURCE_FAILED', 'The database has no rows. What was read before stays.');
  if (rows > maxRows) {
    throw new CodedError(
      'SOURCE_FAILED',
      `The database has more than the ${maxRows} rows that NESTOR_DATA_MAX_ROWS allows. Read it step by step, by a watermark.`,
    );
  }
  return { rows, cursor: null, isWhole: false };
}

/** Reads rows that were not read before, in the order of their watermarks, and at most so many. */
export async function readNew(reading: Reading, watermark: Watermark, before: WatermarkCursor | null): Promise<Batch> {
  const { session, engine, found, columns, present, relation, maxRows, control } = reading;
  const [now] = await session.first('SELECT now()');
  const condition = watermarkCondition(found, watermark.column, watermark.overlap, before?.watermark ?? null);
  const limit = maxRows + (before === null ? 0 : seenCount(before));
  const arrived = await readInto(
    ARRIVED,
    reading,
    `SELECT ${selectionOf(found, present)} FROM ${relation} WHERE ${condition.sql}
     ORDER BY batch.${quoted(watermark.column)} LIMIT ${limit}`,
    condition.parameters,
  );
  const arrival = { watermark, before, now: now ?? '', isCut: arrived === limit };
  const { rows, cursor } = await stageUnseen(engine, columns, arrival, control);
  return { rows, cursor: cursor && { ...cursor }, isWhole: before === null };
}

/** Puts the rows of a query into a new table. @returns how many. */
async function readInto(
  table: string,
  { session, engine, columns, present, maxRowLength, control }: Reading,
  sql: string,
  parameters: readonly string[] = [],
): Promise<number> {
  const names = columns.map(({ name }) => `${quoted(name)} VARCHAR`).join(', ');
  await engine.run(`CREATE TABLE ${table} (${quoted(ROW)} BIGINT, ${names})`, [], control);
  const places = columns.map((column) => present.indexOf(column));
  let count = 0;
  const numbered = (row: TextRow): FeatureValue[] => {
    count += 1;
    if (row.reduce((length, text) => length + (text?.length ?? 0), 0) > maxRowLength) {
      throw new CodedError(
        'SOURCE_FAILED',
        `Row ${count} is longer than the ${maxRowLength} that NESTOR_DATA_MAX_ROW_BYTES allows.`,
      );
    }
    return [count, ...places.map((place) => row[place] ?? null)];
  };
  const batches = async function* (): AsyncGenerator<FeatureValue[][]> {
    for await (const rows of session.rows(sql, parameters)) yield rows.map(numbered);
  };
  const types = columns.map(({ name }) => ({ name, type: 'STRING' }) as const);
  return engine.append(table, [{ name: ROW, type: 'INT64' }, ...types], batches());
}
