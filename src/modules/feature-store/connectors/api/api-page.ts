import { CodedError } from '../../../../common/errors/coded-error.js';
import type { DataEngine, StatementControl } from '../../engine/data-engine.js';
import type { PageFormat } from './api-answer.rules.js';

/** The table of all records, as JSON objects. */
export const RECORDS = 'records';

/** What one page brought. */
export interface ReadPage {
  readonly records: number;
  /** What stands at the pointer of the pagination; null where nothing does. */
  readonly cursor: string | null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Adds the records of a page to the table of all. The engine reads the JSON, which keeps numbers as they are written, where
 * JavaScript would round whole numbers beyond 2^53.
 * @param pointer where the records stand, as JSON Pointer. @param cursorPointer where the cursor stands; null where there is none.
 * @throws {CodedError} SOURCE_FAILED where the page is not what it should be.
 */
export async function readPage(
  engine: DataEngine,
  body: Uint8Array,
  format: PageFormat,
  { records: pointer, cursor: cursorPointer }: { readonly records: string; readonly cursor: string | null },
  control: StatementControl,
): Promise<ReadPage> {
  const text = decoded(body);
  if (format === 'NDJSON') {
    if (cursorPointer !== null) throw faulty('it is NDJSON, which has no place for a cursor');
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return { records: await addRecords(engine, `[${lines.join(',')}]`, '', lines.length, control), cursor: null };
  }
  const records = await addRecords(engine, text, pointer, null, control);
  if (cursorPointer === null) return { records, cursor: null };
  const [row] = await engine.rows(
    'SELECT CAST(? AS JSON) ->> CAST(? AS VARCHAR) AS cursor',
    [text, cursorPointer],
    control,
  );
  const cursor = row?.['cursor'];
  return { records, cursor: typeof cursor === 'string' && cursor !== '' ? cursor : null };
}

/** @param expected how many there must be; null where any number will do. */
async function addRecords(
  engine: DataEngine,
  text: string,
  pointer: string,
  expected: number | null,
  control: StatementControl,
): Promise<number> {
  const [checked] = await engine.rows('SELECT json_valid(CAST(? AS VARCHAR)) AS valid', [text], control);
  if (checked?.['valid'] !== true) throw faulty('its JSON is broken');
  const list = pointer === '' ? 'CAST(? AS JSON)' : '(CAST(? AS JSON) -> CAST(? AS VARCHAR))';
  const parameters = pointer === '' ? [text] : [text, pointer];
  const [found] = await engine.rows(`SELECT json_type(${list}) AS type`, parameters, control);
  if (found?.['type'] !== 'ARRAY') {
    throw faulty(pointer === '' ? 'it is no list of records' : `there is no list of records at ${pointer}`);
  }
  await engine.run('CREATE OR REPLACE TABLE page (json JSON)', [], control);
  await engine.run(`INSERT INTO page SELECT unnest(CAST(${list} AS JSON[]))`, parameters, control);
  const [counted] = await engine.rows(
    `SELECT count(*) AS records, count(*) FILTER (json_type(json) IS DISTINCT FROM 'OBJECT') AS odd FROM page`,
    [],
    control,
  );
  const records = Number(counted?.['records']);
  if (Number(counted?.['odd']) > 0 || (expected !== null && records !== expected)) {
    throw faulty('a record is no JSON object');
  }
  await engine.run(`INSERT INTO ${RECORDS} SELECT json FROM page`, [], control);
  return records;
}

function decoded(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch (error) {
    throw faulty('its text is no UTF-8', error);
  }
}

const faulty = (what: string, cause?: unknown): CodedError =>
  new CodedError('SOURCE_FAILED', `A page of the API cannot be taken: ${what}.`, { cause });
