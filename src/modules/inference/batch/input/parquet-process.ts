import { once } from 'node:events';
import { guardAgainstOrphanhood } from '../../executor/orphan-guard.js';
import { type ParquetTask, readParquet } from './parquet-reader.js';

/** Exit status of a process that wrote to stderr what is wrong with the file. */
export const BAD_FILE_STATUS = 3;

/** The life of a process that reads one Parquet file: rows to stdout, one JSON object a line. */
export async function runParquetProcess(child: NodeJS.Process): Promise<void> {
  guardAgainstOrphanhood();
  // Whoever read the rows has seen enough.
  child.stdout.on('error', () => child.exit(0));
  const task = JSON.parse(child.argv[2] ?? '') as ParquetTask;
  try {
    for await (const lines of readParquet(task)) {
      if (!child.stdout.write(lines)) await once(child.stdout, 'drain');
    }
  } catch (error) {
    child.stderr.write(error instanceof Error ? error.message : String(error));
    child.exitCode = BAD_FILE_STATUS;
  }
}
