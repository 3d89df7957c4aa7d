import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../src/common/config/settings.js';
import { FileReader } from '../src/modules/feature-store/connectors/file-reader.js';
import { DataEngine } from '../src/modules/feature-store/engine/data-engine.js';
import { literal } from '../src/modules/feature-store/engine/sql-text.js';
import { statisticsOf } from '../src/modules/feature-store/snapshots/column-statistics.js';
import { contentDigest } from '../src/modules/feature-store/snapshots/content-digest.js';
import { writeSnapshotFile } from '../src/modules/feature-store/snapshots/snapshot-file.js';
import type { DataColumn, DataSchema } from '../src/modules/feature-store/sources/data-source.js';
import { validateBatch } from '../src/modules/feature-store/validation/batch-validator.js';
import { CHECKED } from '../src/modules/feature-store/validation/row-checks.rules.js';
import type { ValueType } from '../src/modules/feature-store/value-types.js';
import type { Row } from './support/report.js';
import { inTurns } from './support/rounds.js';

const MIB = 1024 ** 2;
const GIB = 1024 * MIB;
const ROUNDS = 3;

const column = (name: string, type: ValueType, rules: Partial<DataColumn> = {}): DataColumn => ({
  name,
  type,
  description: '',
  isNullable: true,
  minimum: null,
  maximum: null,
  allowedValues: null,
  pattern: null,
  isSensitive: false,
  ...rules,
});

const columns = [
  column('id', 'INT64', { isNullable: false }),
  column('mail', 'STRING', { pattern: '[^@]+@[^@]+' }),
  column('age', 'INT64', { minimum: 0, maximum: 120 }),
  column('amount', 'FLOAT64', { minimum: 0 }),
  column('score', 'FLOAT64'),
  column('segment', 'STRING', { allowedValues: ['a', 'b', 'c', 'd'] }),
  column('active', 'BOOLEAN'),
  column('seen', 'TIMESTAMP'),
];

const schemaOf = (keyColumns: readonly string[]): DataSchema => ({
  columns,
  keyColumns,
  eventTimeColumn: 'seen',
  maxAgeSeconds: null,
  hasUniqueRows: false,
});

/** All values come from a fixed hash: a run is as another. */
const rowsOf = (count: number): string =>
  `SELECT range AS id, 'user' || hash(range) % 1000000 || '@example.org' AS mail, hash(range + 1) % 100 AS age,
     (hash(range + 2) % 10000000) / 100.0 AS amount, sqrt(range) AS score,
     ['a', 'b', 'c', 'd'][1 + (hash(range + 3) % 4)::BIGINT] AS segment, range % 3 = 0 AS active,
     TIMESTAMP '2025-01-01' + to_seconds((hash(range + 4) % 10000000)::BIGINT) AS seen FROM range(${count})`;

const rawTypes =
  "{id: 'BIGINT', mail: 'VARCHAR', age: 'BIGINT', amount: 'DOUBLE', score: 'DOUBLE', segment: 'VARCHAR', active: 'BOOLEAN', seen: 'TIMESTAMP'}";

/** From a file of CSV to the file of a snapshot, checked, digested and described, beside the engine's own reading and writing. */
export async function ingestion(count = Number(process.env.BENCH_INGESTION_ROWS ?? 1_000_000)): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-bench-ingestion-'));
  const path = join(folder, 'input.csv');
  const inEngine = async <Result>(work: (engine: DataEngine) => Promise<Result>): Promise<Result> => {
    const engine = await DataEngine.open({
      memoryBytes: GIB,
      threads: 2,
      temporaryFolder: join(folder, 'temporary'),
      maxTemporaryBytes: 16 * GIB,
      folders: [folder],
    });
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  };
  try {
    await inEngine((engine) => engine.run(`COPY (${rowsOf(count)}) TO ${literal(path)} (HEADER)`));
    const size = `${Math.round((await stat(path)).size / 1e6)} MB`;
    const target = literal(join(folder, 'raw.parquet'));
    const raw = (): Promise<number> =>
      inEngine((engine) =>
        timed(() =>
          engine.run(
            `COPY (FROM read_csv(${literal(path)}, header = true, columns = ${rawTypes}, auto_detect = false))
             TO ${target} (FORMAT parquet, COMPRESSION zstd)`,
          ),
        ),
      );
    const ours = (schema: DataSchema) => (): Promise<number> =>
      inEngine((engine) => timed(() => ingest(engine, folder, path, schema)));
    const figures = await inTurns([raw, ours(schemaOf([])), ours(schemaOf(['id']))], ROUNDS, (ms) => ms);
    const [theirs = 0, plain = 0, keyed = 0] = figures;
    return [
      compared(`CSV of ${size}, 8 columns with rules, to a snapshot`, plain, theirs),
      compared(`CSV of ${size}, 8 columns with rules and a key, to a snapshot`, keyed, theirs),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ingest(engine: DataEngine, folder: string, path: string, schema: DataSchema): Promise<void> {
  const reader = new FileReader(loadSettings({}));
  const staged = await reader.judge(engine, path, { format: null, delimiter: null }, schema, new Date(), {});
  const report = await validateBatch(engine, schema, staged, new Date(), {});
  if (report.rowsInvalid > 0) throw new Error(`${report.rowsInvalid} rows were found to be invalid, which are not.`);
  await contentDigest(engine, CHECKED, columns, {});
  await writeSnapshotFile(engine, join(folder, 'snapshot.parquet'), CHECKED, schema, {});
  await statisticsOf(engine, CHECKED, columns, {});
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const compared = (what: string, ours: number, theirs: number): Row => ({
  what,
  figure: `${Math.round(ours)} ms`,
  against: `\`COPY\` from CSV to Parquet ${Math.round(theirs)} ms`,
  ratio: theirs / ours,
  aim: 0.5,
});
