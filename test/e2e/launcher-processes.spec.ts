import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { built } from '../support/built.js';
import { makeHome, removeHome, until } from '../support/launcher/homes.js';
import { type LauncherProcess, processesOf, spawnLauncher } from '../support/launcher/launcher-process.js';
import { makePrograms, type Programs } from '../support/launcher/programs.js';

// The launcher as a process, with tiny programs for api, worker and bootstrap: what signals, kills and a terminal do.

let home: string;
let programs: Programs | undefined;

beforeEach(async () => {
  home = await makeHome();
});
afterEach(async () => {
  for (const pid of await processesOf(home)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was about to end.
    }
  }
  await until(async () => (await processesOf(home)).length === 0);
  if (programs) await rm(programs.folder, { recursive: true, force: true });
  programs = undefined;
  await removeHome(home);
});

const settings = (more: Readonly<Record<string, string>> = {}) => ({
  NESTOR_HOME: home,
  PORT: '0',
  MANAGEMENT_PORT: '0',
  WORKER_MANAGEMENT_PORT: '0',
  NESTOR_SHUTDOWN_TIMEOUT_MS: '1000',
  ...more,
});

/** Writes a program that is `launcher.main.ts` but for the folder of the programs it starts. */
async function makeEntry(replace: Readonly<Record<string, string>> = {}): Promise<string> {
  programs ??= await makePrograms(replace);
  const launch = await built('src/launcher/launch.js');
  const entry = join(programs.folder, 'launcher.mjs');
  await writeFile(
    entry,
    `import { launch } from ${JSON.stringify(launch)};
     process.exit(await launch(process.env, process.argv.slice(2), ${JSON.stringify(programs.folder)}));`,
  );
  return entry;
}

async function start(
  options: { replace?: Record<string, string>; settings?: Record<string, string>; parameters?: string[] } = {},
): Promise<LauncherProcess> {
  const entry = await makeEntry(options.replace);
  return spawnLauncher([entry, ...(options.parameters ?? [])], settings(options.settings));
}

const READY = /Ctrl-C stops everything/;

const passwordOf = (printed: string): string | undefined => /password-\d+/.exec(printed)?.[0];

async function nobodyIsLeft(): Promise<void> {
  await until(async () => (await processesOf(home)).length === 0);
}

describe.skipIf(process.platform !== 'linux')('the launcher', () => {
  it('stops everything in order on Ctrl-C, which npm doubles', async () => {
    const launcher = await start();
    await launcher.printedLine(READY);
    expect((await processesOf(home)).length).toBeGreaterThanOrEqual(4);
    // The terminal signals the whole group, and npm hands its own signal on.
    process.kill(-launcher.pid, 'SIGINT');
    process.kill(launcher.pid, 'SIGINT');
    expect(await launcher.ended).toBe(0);
    expect(launcher.printed()).toMatch(/✓ Stopped/);
    expect(launcher.printed()).not.toMatch(/at once\.\n.*Ending at once/);
    expect(await readFile(programs?.ends ?? '', 'utf8')).toBe('api SIGTERM\nworker SIGTERM\n');
    expect(await processesOf(home)).toEqual([]);
    expect(await readFile(join(home, 'logs', 'postgres.log'), 'utf8')).toMatch(/database system is shut down\s*$/);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('stops on %s', async (signal) => {
    const launcher = await start();
    await launcher.printedLine(READY);
    process.kill(launcher.pid, signal);
    expect(await launcher.ended).toBe(0);
    expect(await processesOf(home)).toEqual([]);
  });

  it('ends at once on a second Ctrl-C', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
      (await import('node:http')).createServer((_, r) => r.end()).listen(Number(process.env.MANAGEMENT_PORT), '127.0.0.1');`;
    const launcher = await start({
      replace: { 'main.js': stubborn },
      settings: { NESTOR_SHUTDOWN_TIMEOUT_MS: '600000' },
    });
    await launcher.printedLine(READY);
    const again = setInterval(() => process.kill(launcher.pid, 'SIGINT'), 300);
    await launcher.ended.finally(() => clearInterval(again));
    expect(launcher.printed()).toContain('Ending at once');
    await nobodyIsLeft();
  });

  it('leaves no orphan when it is killed, and is up again with the same credentials', async () => {
    const first = await start();
    await first.printedLine(READY);
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    const second = await start();
    await second.printedLine(READY);
    expect(passwordOf(second.printed())).toBe(passwordOf(first.printed()));
    expect(await readFile(programs?.ends ?? '', 'utf8')).toMatch(/^(api|worker) (disconnect|SIGTERM)\n(api|worker) /);
    process.kill(second.pid, 'SIGINT');
    expect(await second.ended).toBe(0);
    await nobodyIsLeft();
  });

  it('stops when the npm that runs it is killed', async () => {
    const entry = await makeEntry();
    const parent = `require('node:child_process').spawn(process.execPath, [${JSON.stringify(entry)}], { stdio: 'inherit' })`;
    const npm = spawn(process.execPath, ['-e', `${parent}; setInterval(() => {}, 1000)`], {
      env: { PATH: process.env['PATH'], npm_lifecycle_event: 'start', ...settings() },
      stdio: 'ignore',
    });
    await until(() => existsSync(join(home, 'processes', 'api.json')));
    npm.kill('SIGKILL');
    await nobodyIsLeft();
  });

  it('refuses a second one on the same state folder', async () => {
    const first = await start();
    await first.printedLine(READY);
    const second = await start();
    expect(await second.ended).toBe(1);
    expect(second.printed()).toContain(`Another Nestor (process ${first.pid})`);
    expect(second.printed()).not.toMatch(/\n\s+at /);
    expect((await processesOf(home)).length).toBeGreaterThanOrEqual(4);
  });

  it('lists all wrong settings at once, without a stack trace', async () => {
    const launcher = await start({ settings: { PORT: 'eighty', NESTOR_DEVICES: 'tpu', NESTOR_EXECUTOR: '1' } });
    expect(await launcher.ended).toBe(78);
    for (const name of ['PORT', 'NESTOR_DEVICES', 'NESTOR_EXECUTOR'])
      expect(launcher.printed()).toContain(`- ${name}:`);
    expect(launcher.printed()).not.toMatch(/\n\s+at /);
  });

  it('refuses arguments it does not know', async () => {
    const launcher = await start({ parameters: ['--port=80'] });
    expect(await launcher.ended).toBe(64);
    expect(launcher.printed()).toContain('--port=80');
  });
});

const inHome = (...path: string[]) => existsSync(join(home, ...path));
const inFolder = (folder: string, pattern: RegExp) =>
  inHome(folder) && readdirSync(join(home, folder)).some((name) => pattern.test(name));
/** The bootstrap takes its time, so that the moments around it can be met. */
const slowBootstrap = (text: string) => `await new Promise((r) => setTimeout(r, 300));\n${text}\n`;

describe.skipIf(process.platform !== 'linux')('a first start that is cut off', () => {
  it.each([
    ['while it takes the lock', () => inHome('lock')],
    ['while the database is being made', () => inHome('postgres', 'data.new', 'PG_VERSION')],
    ['when the database has been made', () => inHome('postgres', 'data', 'PG_VERSION')],
    ['while the database starts', () => inHome('postgres', 'data', 'postmaster.pid')],
    ['while the schema is migrated', () => inHome('database.json')],
    ['while the workspace is set up', () => inFolder('processes', /^bootstrap\.json$/)],
    ['when the workspace has been set up', () => inHome('set-up')],
    ['when the credentials have been written', () => inHome('credentials.json')],
    ['while the processes start', () => inFolder('processes', /^(api|worker)\.json$/)],
  ])('%s recovers at the next one', async (_, moment) => {
    programs = await makePrograms();
    const bootstrap = join(programs.folder, 'bootstrap.main.js');
    await writeFile(bootstrap, slowBootstrap(await readFile(bootstrap, 'utf8')));
    const first = await start();
    await until(() => {
      if (first.child.exitCode !== null) throw new Error(`It ended by itself:\n${first.printed()}`);
      return moment();
    });
    process.kill(first.pid, 'SIGKILL');
    await first.ended;

    const second = await start();
    await second.printedLine(READY);
    expect(passwordOf(second.printed())).toMatch(/^password-\d+$/);
    const known = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as { password: string };
    expect(known.password).toBe(passwordOf(second.printed()));
    expect(readdirSync(home).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(readdirSync(join(home, 'postgres')).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(inHome('first-start-unfinished')).toBe(false);
    process.kill(second.pid, 'SIGINT');
    expect(await second.ended).toBe(0);
    await nobodyIsLeft();
  });
});
