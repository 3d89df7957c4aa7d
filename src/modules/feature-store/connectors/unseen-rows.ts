import { z } from 'zod';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { JsonObject } from '../../../common/json/json-object.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import type { Watermark } from '../sources/connections/watermark.js';
import type { DataColumn } from '../sources/data-source.js';
import { valueOf } from '../validation/value-checks.rules.js';
import { ROW, STAGED } from './staged-batch.js';

/** The table of what a source answered, in the form of {@link STAGED}: rows that were read before among it. */
export const ARRIVED = 'arrived';

/** Most rows within the overlap, or of one value of the watermark, that are remembered: 16 bytes each. */
const MAX_SEEN = 500_000;

const HASH = '__hash';
const VALUE = '__value';
const TEXT = '__text';

/** Up to where a source was read by a watermark. */
export interface WatermarkCursor {
  /** The greatest value that was read, as the source wrote it. */
  readonly watermark: string;
  /** Hashes of the rows that will be read again, 16 hexadecimal digits each. */
  readonly seen: string;
}

const cursorForm = z.object({ watermark: z.string(), seen: z.string() });

export const watermarkCursorOf = (cursor: JsonObject | null): WatermarkCursor | null =>
  cursor === null ? null : cursorForm.parse(cursor);

/** How many rows of before will be read again. */
export const seenCount = ({ seen }: WatermarkCursor): number => seen.length / 16;

/** What there is to know about rows that arrived. */
export interface Arrival {
  readonly watermark: Watermark;
  readonly before: WatermarkCursor | null;
  /** The clock of the source: a moment that lies ahead is no measure of what was read. */
  readonly now: string;
  /** Whether the source had more rows than it was asked for. */
  readonly isCut: boolean;
}

/**
 * Puts those of the rows that arrived which were not read before into the table `staged`, in their order. A source is read
 * again from its watermark on, and a little below, since other rows of these values may come about; the rows of then are
 * told by their hashes.
 * @returns how many, and up to where was read; null where no row tells.
 * @throws {CodedError} SOURCE_FAILED where too many rows would have to be remembered.
 */
export async function stageUnseen(
  engine: DataEngine,
  columns: readonly DataColumn[],
  arrival: Arrival,
  control: StatementControl,
): Promise<{ readonly rows: number; readonly cursor: WatermarkCursor | null }> {
  const { watermark, before } = arrival;
  const type = columns.find(({ name }) => name === watermark.column)?.type ?? 'STRING';
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  await engine.run(
    `CREATE TABLE marked AS SELECT ${quoted(ROW)}, left(md5(CAST(to_json([${names}]) AS VARCHAR)), 16) AS ${HASH},
       ${quoted(watermark.column)} AS ${TEXT}, ${valueOf(quoted(watermark.column), type)} AS ${VALUE} FROM ${ARRIVED}`,
    [],
    control,
  );
  await engine.run(
    `CREATE TABLE seen AS SELECT unnest(regexp_extract_all(CAST(? AS VARCHAR), '[0-9a-f]{16}')) AS ${HASH}`,
    [before?.seen ?? ''],
    control,
  );
  await engine.run(
    `CREATE TABLE ${STAGED} AS SELECT row_number() OVER (ORDER BY ${quoted(ROW)}) AS ${quoted(ROW)}, ${names}
     FROM ${ARRIVED} SEMI JOIN (FROM marked ANTI JOIN seen USING (${HASH})) USING (${quoted(ROW)})`,
    [],
    control,
  );
  const [counted] = await engine.rows(`SELECT count(*) AS rows FROM ${STAGED}`, [], control);
  return { rows: Number(counted?.['rows']), cursor: await nextCursor(engine, type, arrival, control) };
}

/**
 * From where on a source is to be asked that is told by a text: the greatest value as the source wrote it, or what lies the
 * overlap below it, as ISO 8601 in UTC or as a number.
 */
export async function lowestOf(
  engine: DataEngine,
  columns: readonly DataColumn[],
  { column, overlap }: Watermark,
  { watermark: text }: WatermarkCursor,
  control: StatementControl,
): Promise<string> {
  if (overlap === 0) return text;
  const type = columns.find(({ name }) => name === column)?.type ?? 'STRING';
  const lowest = lowestValue(type, overlap);
  const [row] = await engine.rows(
    `SELECT CAST(${type === 'TIMESTAMP' ? `strftime(${lowest}, '%Y-%m-%dT%H:%M:%S.%fZ')` : lowest} AS VARCHAR) AS lowest
     FROM (SELECT CAST(? AS VARCHAR) AS text)`,
    [text],
    control,
  );
  return String(row?.['lowest']);
}

/** What lies the overlap below a value, whose text is the column `text`, as SQL. */
const lowestValue = (type: DataColumn['type'], overlap: number): string =>
  type === 'TIMESTAMP'
    ? `${valueOf('text', type)} - to_microseconds(${Math.round(overlap * 1_000_000)})`
    : `CAST(${valueOf('text', type)} AS HUGEINT) - ${overlap}`;

async function nextCursor(
  engine: DataEngine,
  type: DataColumn['type'],
  { watermark, before, now, isCut }: Arrival,
  control: StatementControl,
): Promise<WatermarkCursor | null> {
  const valueOfText = valueOf('text', type);
  const [newest] = await engine.rows(
    `WITH candidates AS (
       SELECT ${TEXT} AS text, ${VALUE} AS value FROM marked
       UNION ALL SELECT text, ${valueOfText} FROM (SELECT CAST(? AS VARCHAR) AS text)),
     clock AS (SELECT ${valueOfText} AS value FROM (SELECT CAST(? AS VARCHAR) AS text))
     SELECT arg_max(text, value) AS text FROM candidates WHERE coalesce(value <= (SELECT value FROM clock), true)`,
    [before?.watermark ?? null, type === 'TIMESTAMP' ? now : null],
    control,
  );
  const text = newest?.['text'];
  if (typeof text !== 'string') return null;
  // Where the source had more rows, some that were seen may lie beyond what it answered.
  const [remembered] = await engine.rows(
    `SELECT count(DISTINCT ${HASH}) AS rows, coalesce(string_agg(DISTINCT ${HASH}, ''), '') AS seen FROM (
       SELECT ${HASH} FROM marked WHERE ${VALUE} IS NULL OR ${VALUE} >= (SELECT ${lowestValue(type, watermark.overlap)} FROM (SELECT CAST(? AS VARCHAR) AS text))
       UNION ALL SELECT ${HASH} FROM seen WHERE ${isCut})`,
    [text],
    control,
  );
  if (Number(remembered?.['rows']) > MAX_SEEN) {
    throw new CodedError(
      'SOURCE_FAILED',
      `More than ${MAX_SEEN} rows lie at or within the overlap below the ${watermark.column} ${text}. Use a smaller overlap, or a column that tells more rows apart.`,
    );
  }
  return { watermark: text, seen: String(remembered?.['seen']) };
}
