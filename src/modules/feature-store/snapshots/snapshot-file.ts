import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { literal, quoted, storedTypes } from '../engine/sql-text.js';
import type { DataSchema } from '../sources/data-source.js';

/**
 * Writes rows to the Parquet file of a snapshot.
 * @param rows a table or query with the columns of the schema, as SQL.
 * @param order the column by which they are to be sorted; null where they are in order already, which the engine keeps.
 */
export async function writeSnapshotFile(
  engine: DataEngine,
  path: string,
  rows: string,
  { columns }: DataSchema,
  order: string | null,
  control: StatementControl,
): Promise<void> {
  const stored = columns.map(({ name, type }) => `CAST(${quoted(name)} AS ${storedTypes[type]}) AS ${quoted(name)}`);
  await engine.run(
    `COPY (SELECT ${stored.join(', ')} FROM ${rows} ${order === null ? '' : `ORDER BY ${quoted(order)}`})
     TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    [],
    control,
  );
}
