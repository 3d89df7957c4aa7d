import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { freePort } from '../../src/launcher/network/free-port.js';
import { answersAsRedis } from './redis.setup.js';

/** A Redis of one test, which may be killed. */
export interface TestRedis {
  readonly url: string;
  readonly pid: number;
  /** Ends it as a crash would, and resolves when it is gone. What it had not yet written is lost. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it had written. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @returns the URL of a Redis for tests: `TEST_REDIS_URL`, or the one on this machine. Test files share it, so each
 * needs names of its own. Where there is none a notice is printed and the answer is null, for the suite to be
 * skipped; under `CI=true` that is an error.
 */
export function testRedisUrl(): string | null {
  return inject('testRedisUrl') ?? missing('no Redis at TEST_REDIS_URL, nor at 127.0.0.1:6379');
}

/** Whether `startRedisServer` can work here; as `testRedisUrl` where it cannot. */
export function hasRedisServer(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0 || missing('no redis-server program') !== null;
}

/** Starts a private Redis on a free port, with an append-only file that is flushed at every write. */
export async function startRedisServer(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-test-redis-'));
  const port = await freePort();
  let child = await spawnServer(folder, port);
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}/0`,
    get pid() {
      return child.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    restart: async () => {
      child = await spawnServer(folder, port);
    },
    stop: async () => {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function spawnServer(folder: string, port: number): Promise<ChildProcess> {
  const options = {
    bind: '127.0.0.1',
    port,
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const parameters = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(...underParent('redis-server', parameters), { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`redis-server ended with status ${status}`)));
  });
  failed.catch(() => undefined);
  while (!(await Promise.race([answersAsRedis(`redis://127.0.0.1:${port}`), failed]))) await sleep(20);
  return child;
}

/** On Linux the kernel ends the program together with its parent, so that a killed test run leaves none behind. */
function underParent(program: string, parameters: string[]): [string, string[]] {
  if (process.platform !== 'linux') return [program, parameters];
  return ['setpriv', ['--pdeathsig', 'KILL', '--', program, ...parameters]];
}

function missing(what: string): null {
  if (process.env['CI'] === 'true') throw new Error(`Tests on Redis cannot run: ${what}. Under CI=true this fails.`);
  process.stderr.write(`Tests on Redis are skipped: ${what}.\n`);
  return null;
}
