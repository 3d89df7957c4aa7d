import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataEngine } from '../src/modules/feature-store/engine/data-engine.js';
import { type HistoricalView, pointInTimeJoin } from '../src/modules/feature-store/offline/point-in-time.rules.js';
import { resultOf } from './support/child.js';
import type { Row } from './support/report.js';
import { inTurns } from './support/rounds.js';

const MIB = 1024 ** 2;
const GIB = 1024 * MIB;
const ROUNDS = 5;
const TTL = '7 days';
const TTL_MS = 7 * 24 * 3_600_000;
const columns = ['entity', 'moment', 'label'];
const features = ['one', 'two', 'three'];

/** Rows of the view are known up to two hours after their event. All figures come from a fixed hash: a run is as another. */
const tables = [
  `CREATE TABLE observations AS SELECT
     (hash(range) % 20000)::BIGINT AS entity,
     TIMESTAMP '2025-01-01' + to_microseconds((hash(range + 7) % 2592000000000)::BIGINT) AS event,
     event + to_seconds((hash(range + 17) % 7200)::BIGINT) AS created,
     range::DOUBLE AS one, sqrt(range) AS two, 'value ' || range % 977 AS three
   FROM range(1000000)`,
  `CREATE TABLE labels AS SELECT
     (hash(range + 99) % 20000)::BIGINT AS entity,
     TIMESTAMP '2025-01-01' + to_microseconds((hash(range + 77) % 2592000000000)::BIGINT) AS moment,
     range % 2 AS label
   FROM range(200000)`,
];

const view: HistoricalView = {
  name: 'observations',
  relation: 'observations',
  keys: [{ label: 'entity', view: 'entity' }],
  eventTime: 'event',
  createdTime: null,
  ttlMs: TTL_MS,
  features: features.map((column) => ({ column, as: column })),
};

/** The best we know to write by hand. An ASOF join takes one inequality; where two are asked, each group keeps its newest. */
const raw = {
  byEvent: `
    SELECT ${columns.map((column) => `labels.${column}`).join(', ')},
      ${features.map((name) => `CASE WHEN moment - event <= INTERVAL ${TTL} THEN ${name} END AS ${name}`).join(', ')}
    FROM labels ASOF LEFT JOIN
      (SELECT * FROM observations QUALIFY row_number() OVER (PARTITION BY entity, event ORDER BY rowid DESC) = 1) AS newest
      ON labels.entity = newest.entity AND labels.moment >= newest.event`,
  knownByThen: `
    SELECT ${columns.join(', ')}, ${features.map((name) => `newest.${name}`).join(', ')}
    FROM (
      SELECT any_value(labels.entity) AS entity, any_value(labels.moment) AS moment, any_value(labels.label) AS label,
        max_by({${features.map((name) => `${name}: observations.${name}`).join(', ')}},
          (observations.event, observations.created, observations.rowid)) AS newest
      FROM labels LEFT JOIN observations ON labels.entity = observations.entity
        AND event <= moment AND created <= moment AND event >= moment - INTERVAL ${TTL}
      GROUP BY labels.rowid
    )`,
};

/** The join for training sets beside the same question written by hand, by the same engine within the same memory. */
export async function offlineJoin(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-bench-offline-'));
  const engine = await DataEngine.open({
    memoryBytes: GIB,
    threads: 2,
    temporaryFolder: join(folder, 'temporary'),
    maxTemporaryBytes: 4 * GIB,
    folders: [folder],
  });
  try {
    for (const table of tables) await engine.run(table);
    const labels = { relation: 'labels', columns, eventTime: 'moment' };
    return [
      await compared(engine, 'by event time', pointInTimeJoin(labels, [view]), 'ASOF join', raw.byEvent),
      await compared(
        engine,
        'known by then',
        pointInTimeJoin(labels, [{ ...view, createdTime: 'created' }]),
        '`max_by` over a join',
        raw.knownByThen,
      ),
      await large(folder),
    ];
  } finally {
    await engine.close();
    await rm(folder, { recursive: true });
  }
}

/** Ten million rows by a process that is to stay below a gigabyte, Node included. */
async function large(folder: string): Promise<Row> {
  const memory = 512 * MIB;
  const parameters = [folder, String(memory), '10000000', '1000000'];
  await resultOf('large-join', 'make', ...parameters);
  const { seconds, peakBytes } = await resultOf<{ seconds: number; peakBytes: number }>(
    'large-join',
    'join',
    ...parameters,
  );
  return {
    what: `point-in-time join, 10M rows × 1M labels, known by then, Parquet to Parquet in ${seconds.toFixed(1)} s: peak memory with a setting of ${memory / MIB} MiB`,
    figure: `${Math.round(peakBytes / 1e6)} MB`,
    against: 'limit 1,000 MB',
    ratio: 1e9 / peakBytes,
    aim: 1,
  };
}

async function compared(engine: DataEngine, what: string, ours: string, how: string, theirs: string): Promise<Row> {
  const timed = (table: string, sql: string) => async (): Promise<number> => {
    const startedAt = performance.now();
    await engine.run(`CREATE OR REPLACE TABLE ${table} AS ${sql}`);
    return performance.now() - startedAt;
  };
  const measures = [timed('ours', ours), timed('theirs', theirs)];
  const [our = 0, their = 0] = await inTurns(measures, ROUNDS, (ms) => ms);
  const [difference] = await engine.rows(
    'SELECT count(*) AS count FROM ((FROM ours EXCEPT ALL FROM theirs) UNION ALL (FROM theirs EXCEPT ALL FROM ours))',
  );
  if (difference?.['count'] !== 0) throw new Error(`The two ways to join differ: ${what}.`);
  return {
    what: `point-in-time join, 1M rows × 200k labels, ${what}, labels in order`,
    figure: `${Math.round(our)} ms`,
    against: `${how} by hand, in any order ${Math.round(their)} ms`,
    ratio: their / our,
    aim: 1 / 1.5,
  };
}
