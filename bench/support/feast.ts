import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/common/process/package-root.js';
import { freePort } from '../../src/launcher/network/free-port.js';
import type { FeatureFiles } from './feature-data.js';
import { keepRunning } from './kept-process.js';

const FOLDER = join(packageRoot, 'bench/peers/feast');
const STARTS_WITHIN_MS = 90_000;

/** What Feast's offline store made of the labels. */
export interface FeastTrainingSet {
  readonly seconds: number;
  readonly rows: number;
  readonly found: number;
  readonly sum: number;
}

/** Feast with its online store on Redis, its feature server running. */
export interface RunningFeast {
  readonly url: string;
  trainingSet(): Promise<FeastTrainingSet>;
}

/** Makes the virtual environment. @throws where Python or its package index is out of reach. */
export async function installFeast(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(packageRoot, 'scripts/python-environment.mjs'), FOLDER]);
}

/** Applies the definitions, materializes the views and serves them as long as the work takes. */
export async function withFeast<Result>(
  files: FeatureFiles,
  redisUrl: string,
  work: (feast: RunningFeast) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-bench-feast-'));
  const programs = join(FOLDER, '.venv/bin');
  const { hostname, port: redisPort, pathname } = new URL(redisUrl);
  const environment = {
    PATH: `${programs}:${process.env.PATH ?? ''}`,
    HOME: folder,
    TMPDIR: folder,
    ROWS_FILE: files.rows,
    OBSERVATIONS_FILE: files.observations,
    LABELS_FILE: files.labels,
    REDIS_ADDRESS: `${hostname}:${redisPort || '6379'},db=${pathname.slice(1) || '0'}`,
  };
  const run = (program: string, ...parameters: string[]) =>
    promisify(execFile)(join(programs, program), parameters, { cwd: folder, env: environment, maxBuffer: 1e8 });
  try {
    await cp(FOLDER, folder, { recursive: true, filter: (path) => basename(path) !== '.venv' });
    await run('feast', 'apply');
    const [from, to] = [-48 * 3_600_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString().slice(0, 19));
    await run('feast', 'materialize', from ?? '', to ?? '');
    const port = await freePort();
    const parameters = ['serve', '-h', '127.0.0.1', '-p', String(port), '--no-access-log', '--max-requests', '0'];
    const server = await keepRunning({
      command: [join(programs, 'feast'), ...parameters],
      cwd: folder,
      environment,
      folder,
    });
    try {
      const url = `http://127.0.0.1:${port}`;
      await untilHealthy(url, () => server.output);
      const trainingSet = async (): Promise<FeastTrainingSet> => {
        const { stdout } = await run('python', 'training_set.py');
        return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as FeastTrainingSet;
      };
      return await work({ url, trainingSet });
    } finally {
      await server.stop();
      await run('feast', 'teardown');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function untilHealthy(url: string, output: () => string): Promise<void> {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  const isHealthy = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isHealthy())) {
    if (Date.now() > deadline) throw new Error(`Feast did not start:\n${output()}`);
    await sleep(100);
  }
}
