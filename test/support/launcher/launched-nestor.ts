import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { built } from '../built.js';
import { type NestorClient, nestorClient } from '../nestor-client.js';
import { makeHome, removeHome, until } from './homes.js';
import { type LauncherProcess, processesOf, processesOfGroup, spawnLauncher } from './launcher-process.js';

/** A Nestor as `npm start` has it: the launcher with a database, an api and a worker in processes that may be killed. */
export class LaunchedNestor {
  private constructor(
    readonly home: string,
    readonly client: NestorClient,
    /** URL of its database. */
    readonly database: string,
    private readonly launcher: LauncherProcess,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<LaunchedNestor> {
    const home = await makeHome();
    const launcher = spawnLauncher([await built('src/launcher.main.js')], {
      NESTOR_HOME: home,
      PORT: '0',
      MANAGEMENT_PORT: '0',
      WORKER_MANAGEMENT_PORT: '0',
      NESTOR_EXECUTORS: '1',
      NESTOR_JOB_SWEEP_MS: '500',
      ...settings,
    });
    await launcher.printedLine(/Ctrl-C stops everything/);
    const { url, apiKey } = await json<{ url: string; apiKey: string }>(join(home, 'credentials.json'));
    const database = await json<{ url: string }>(join(home, 'database.json'));
    const client = nestorClient(new URL(url).origin, { 'x-api-key': apiKey });
    return new LaunchedNestor(home, client, database.url, launcher);
  }

  /** 0 while there is none. */
  pidOf(name: 'api' | 'worker'): Promise<number> {
    return json<{ pid: number }>(join(this.home, 'processes', `${name}.json`)).then(
      ({ pid }) => pid,
      () => 0,
    );
  }

  /** What a process has logged, over all its starts. */
  logOf(name: 'api' | 'worker'): Promise<string> {
    return readFile(join(this.home, 'logs', `${name}.log`), 'utf8');
  }

  /** Ends all of it. @returns how the launcher ended, and the processes that it left behind. */
  async stop(): Promise<{ readonly status: number | string; readonly left: readonly number[] }> {
    const worker = await this.pidOf('worker');
    process.kill(this.launcher.pid, 'SIGINT');
    const status = await this.launcher.ended;
    const left = [...(await processesOf(this.home)), ...(await processesOfGroup(worker))];
    for (const pid of left) process.kill(pid, 'SIGKILL');
    await removeHome(this.home);
    return { status, left };
  }
}

/** Sends a signal to a process, and waits until another one is in its place. */
export async function endAndReplace(pidNow: () => Promise<number>, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  await until(async () => (await pidNow()) !== 0);
  const pid = await pidNow();
  process.kill(pid, signal);
  await until(async () => ![0, pid].includes(await pidNow()));
}

const json = async <Content>(path: string): Promise<Content> => JSON.parse(await readFile(path, 'utf8')) as Content;
