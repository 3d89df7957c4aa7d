import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/common/process/package-root.js';
import { features } from './features.js';
import { heavy } from './heavy.js';
import { hostile } from './hostile.js';
import { ingestion } from './ingestion.js';
import { offlineJoin } from './offline-join.js';
import { onlineStore } from './online-store.js';
import { overload } from './overload.js';
import { peers } from './peers.js';
import { batched, picture, small } from './predict.js';
import { queued } from './queued.js';
import { starts } from './starts.js';
import { type Row, tableOf } from './support/report.js';

const redisUrl = process.env.BENCH_REDIS_URL ?? 'redis://127.0.0.1:6379/9';

const sections: Readonly<Record<string, () => Promise<Row[]>>> = {
  starts,
  predict: small,
  batched,
  picture,
  heavy,
  hostile,
  'queue-redis': () =>
    queued({ name: 'Redis', environment: { REDIS_URL: redisUrl }, rawUrl: () => redisUrl, jobs: 5_000, aim: 0.6 }),
  'queue-postgresql': () =>
    queued({ name: 'PostgreSQL', environment: {}, rawUrl: ({ databaseUrl }) => databaseUrl, jobs: 1_500, aim: 0.5 }),
  ingestion: () => ingestion(),
  'offline-join': offlineJoin,
  'online-store': () => onlineStore(redisUrl),
  features: () => features(redisUrl),
  overload,
  peers,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(sections, name));
if (unknown.length > 0)
  throw new Error(`There is no section ${unknown.join(', ')}; there are ${Object.keys(sections).join(', ')}.`);

const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
const rows: Row[] = [];
for (const [name, run] of Object.entries(sections)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  rows.push(...(await run().catch((error: unknown) => notMeasured(name, error))));
  // After each section: what was measured is not lost with those that follow.
  const text = `# Last results\n\n\`npm run bench\` on ${machine}. The load generator (autocannon, closed loop) shares the cores.\n\n${tableOf(rows)}\n`;
  if (wanted.length === 0) await writeFile(join(packageRoot, 'bench/results/latest.md'), text);
}
process.stdout.write(`${tableOf(rows)}\n`);
process.exit();

/** A section that broke says so in the table, and by the exit status. */
function notMeasured(name: string, error: unknown): Row[] {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return [{ what: name, figure: `not measured: ${error instanceof Error ? error.message : String(error)}` }];
}
