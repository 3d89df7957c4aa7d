import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { literal, quoted, storedTypes } from '../engine/sql-text.js';
import type { DataSchema } from '../sources/data-source.js';

/** Level of zstd: 3, the default, takes a third more time for a file that is a tenth smaller. */
const ZSTD_LEVEL = 1;

/**
 * Writes rows to the Parquet file of a snapshot, in their order.
 * @param rows a table or query with the columns of the schema, as SQL.
 */
export async function writeSnapshotFile(
  engine: DataEngine,
  path: string,
  rows: string,
  { columns }: DataSchema,
  control: StatementControl,
): Promise<void> {
  const stored = columns.map(({ name, type }) => `CAST(${quoted(name)} AS ${storedTypes[type]}) AS ${quoted(name)}`);
  await engine.run(
    `COPY (SELECT ${stored.join(', ')} FROM ${rows})
     TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL ${ZSTD_LEVEL})`,
    [],
    control,
  );
}
