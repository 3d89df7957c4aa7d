import type { FeatureValue } from '../../value-types.js';
import type { DataEngine, StatementControl } from '../../engine/data-engine.js';
import { literal } from '../../engine/sql-text.js';
import { momentText } from '../../json-values.rules.js';
import type { PreviewRow } from './historical-features-job.js';

/** Rows of a result that are shown with it. */
const PREVIEW_ROWS = 20;

/** Most columns of them. */
const PREVIEW_COLUMNS = 200;

/** Longest text of them, in UTF-16 code units. */
const PREVIEW_CHARACTERS = 200;

/** The first rows of a Parquet file. */
export async function previewOf(engine: DataEngine, path: string, control: StatementControl): Promise<PreviewRow[]> {
  const from = `read_parquet(${literal(path)})`;
  const described = await engine.rows(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${from}) LIMIT ${PREVIEW_COLUMNS}`,
    [],
    control,
  );
  const rows = await engine.rows(`SELECT * FROM ${from} LIMIT ${PREVIEW_ROWS}`, [], control);
  return rows.map((row) =>
    Object.fromEntries(
      described.map(({ name, type }) => [String(name), shown(row[String(name)] ?? null, String(type))]),
    ),
  );
}

function shown(value: FeatureValue, type: string): PreviewRow[string] {
  if (typeof value === 'string') {
    return value.length > PREVIEW_CHARACTERS ? `${value.slice(0, PREVIEW_CHARACTERS)}…` : value;
  }
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number') return value;
  if (/^(TIMESTAMP|DATE)/.test(type)) return momentText(value);
  return Number.isFinite(value) ? value : String(value);
}
