import { join } from 'node:path';
import { DataEngine } from '../../src/modules/feature-store/engine/data-engine.js';
import { literal } from '../../src/modules/feature-store/engine/sql-text.js';
import { writeHistoricalFeatures } from '../../src/modules/feature-store/offline/historical-features.js';

/**
 * The point-in-time join from Parquet to Parquet, in a process that does nothing else: how long it took, and the most
 * memory that the process ever had. The files are made before, by a process of its own, which tells nothing.
 */
const [step = '', folder = '', memoryText = '', rows = '', labelRows = ''] = process.argv.slice(2);
const engine = await DataEngine.open({
  memoryBytes: Number(memoryText),
  threads: 2,
  temporaryFolder: join(folder, 'temporary'),
  maxTemporaryBytes: 32 * 1024 ** 3,
  folders: [folder],
});
const parquet = (name: string): string => literal(join(folder, name));
const moments = (shift: number): string =>
  `TIMESTAMP '2025-01-01' + to_microseconds((hash(range + ${shift}) % 2592000000000)::BIGINT)`;

if (step === 'make') {
  await engine.run(
    `COPY (SELECT (hash(range) % 200000)::BIGINT AS entity, ${moments(7)} AS event, event + INTERVAL 1 HOUR AS created,
       range::DOUBLE AS one, sqrt(range) AS two, 'value ' || range % 977 AS three
     FROM range(${Number(rows)})) TO ${parquet('rows.parquet')} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await engine.run(
    `COPY (SELECT (hash(range + 99) % 200000)::BIGINT AS entity, ${moments(77)} AS moment, range % 2 AS label
     FROM range(${Number(labelRows)})) TO ${parquet('labels.parquet')} (FORMAT parquet, COMPRESSION zstd)`,
  );
  process.stdout.write('{}');
} else {
  const startedAt = performance.now();
  const written = await writeHistoricalFeatures(
    engine,
    {
      labels: { relation: `read_parquet(${parquet('labels.parquet')})`, eventTime: 'moment' },
      views: [
        {
          name: 'rows',
          relation: `read_parquet(${parquet('rows.parquet')})`,
          keys: [{ label: 'entity', view: 'entity' }],
          eventTime: 'event',
          createdTime: 'created',
          ttlMs: 7 * 24 * 3_600_000,
          features: ['one', 'two', 'three'].map((column) => ({ column, as: column })),
        },
      ],
    },
    join(folder, 'training-set.parquet'),
  );
  if (written !== Number(labelRows)) throw new Error(`There are ${written} rows instead of ${labelRows}.`);
  const seconds = (performance.now() - startedAt) / 1_000;
  process.stdout.write(JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1_024 }));
}
await engine.close();
