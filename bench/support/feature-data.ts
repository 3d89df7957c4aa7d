import { join } from 'node:path';
import { DataEngine } from '../../src/modules/feature-store/engine/data-engine.js';
import { literal } from '../../src/modules/feature-store/engine/sql-text.js';

const GIB = 1024 ** 3;

export const VIEWS = 5;
export const FEATURES = 10;
export const ENTITIES = 10_000;
export const LABELS = 200_000;
/** Rows that are materialized at once, a row for each entity. */
export const MATERIALIZED = 300_000;

export const featureOf = (view: number, index: number): string => `feature_${view}_${index}`;
export const featuresOf = (view: number): string[] =>
  Array.from({ length: FEATURES }, (_, index) => featureOf(view, index));

/** Files that Nestor and Feast are both given. */
export interface FeatureFiles {
  /** A row for each entity, with the features of all views. */
  readonly rows: string;
  /** A million rows of 20,000 entities. */
  readonly observations: string;
  readonly labels: string;
  readonly many: string;
}

const moment = (shift: number): string =>
  `TIMESTAMPTZ '2025-01-01 00:00:00Z' + to_microseconds((hash(range + ${shift}) % 2592000000000)::BIGINT)`;

/** All values come from a fixed hash: a run is as another. Times are of late, as online values grow old. */
export async function makeFeatureFiles(folder: string): Promise<FeatureFiles> {
  const files = {
    rows: join(folder, 'rows.parquet'),
    observations: join(folder, 'observations.parquet'),
    labels: join(folder, 'labels.parquet'),
    many: join(folder, 'many.parquet'),
  };
  const engine = await DataEngine.open({
    memoryBytes: GIB,
    threads: 2,
    temporaryFolder: join(folder, 'temporary'),
    maxTemporaryBytes: 4 * GIB,
    folders: [folder],
  });
  const make = (path: string, query: string): Promise<void> =>
    engine.run(`COPY (${query}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
  const recent = `TIMESTAMPTZ '${new Date(Date.now() - 3_600_000).toISOString()}' + to_seconds(range % 1000)`;
  const values = Array.from({ length: VIEWS }, (_, view) => featuresOf(view)).flat();
  const columns = values.map((name, index) => `sqrt(range + ${index}) AS ${name}`).join(', ');
  try {
    await make(files.rows, `SELECT range::BIGINT AS entity, ${recent} AS event, ${columns} FROM range(${ENTITIES})`);
    await make(
      files.observations,
      `SELECT (hash(range) % 20000)::BIGINT AS entity, ${moment(7)} AS event,
         range::DOUBLE AS one, sqrt(range) AS two, 'value ' || range % 977 AS three FROM range(1000000)`,
    );
    await make(
      files.labels,
      `SELECT (hash(range + 99) % 20000)::BIGINT AS entity, ${moment(77)} AS event_timestamp, range % 2 AS label
       FROM range(${LABELS})`,
    );
    const few = featuresOf(0).map((name, index) => `sqrt(range + ${index}) AS ${name}`);
    await make(
      files.many,
      `SELECT range::BIGINT AS entity, ${recent} AS event, ${few.join(', ')} FROM range(${MATERIALIZED})`,
    );
  } finally {
    await engine.close();
  }
  return files;
}
