import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { literal } from '../engine/sql-text.js';
import type { TypedColumn } from '../value-types.js';

/** The keys of the objects in the column `json` of a relation, in their order; at most so many. */
export async function keysOf(
  engine: DataEngine,
  relation: string,
  most: number,
  control: StatementControl,
): Promise<string[]> {
  const keys = await engine.rows(
    `SELECT DISTINCT unnest(json_keys(json)) AS name FROM ${relation} ORDER BY name LIMIT ${most}`,
    [],
    control,
  );
  return keys.map(({ name }) => String(name));
}

/** The text of a column in such an object. One of type `JSON` keeps its quotes; of others the value itself is taken. */
export function jsonText({ name, type }: TypedColumn): string {
  // A JSON Pointer, unlike a path, can say any name.
  const path = literal(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return type === 'JSON' ? `nullif(CAST(json -> ${path} AS VARCHAR), 'null')` : `json ->> ${path}`;
}
