import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseUrlFor } from '../../../src/common/database/database-url.js';
import { Launcher } from '../../../src/launcher/launcher.js';
import { freePort } from '../../../src/launcher/network/free-port.js';
import { requireFreeDisk } from '../../../src/launcher/preflight/disk.js';
import { Terminal } from '../../../src/launcher/terminal/terminal.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/database.js';
import { testSettings } from '../../support/settings.js';
import { isAlive, makeHome, query, removeHome, until } from '../../support/launcher/homes.js';
import { makePrograms, type Programs } from '../../support/launcher/programs.js';

let home: string;
let programs: Programs | undefined;
let database: TestDatabase | undefined;
let running: Launcher[] = [];

beforeEach(async () => {
  home = await makeHome();
});
afterEach(async () => {
  await Promise.all(running.map((launcher) => launcher.stop()));
  running = [];
  await database?.drop();
  database = undefined;
  if (programs) await rm(programs.folder, { recursive: true, force: true });
  programs = undefined;
  await removeHome(home);
});

interface Started {
  readonly launcher: Launcher;
  /** All that was printed so far. */
  readonly printed: () => string;
}

/** A launcher on tiny programs; on a database of the test server unless `embedded`. */
async function makeLauncher(
  options: {
    embedded?: boolean;
    replace?: Readonly<Record<string, string>>;
    settings?: Readonly<Record<string, string>>;
    resetAdminPassword?: boolean;
  } = {},
): Promise<Started> {
  programs ??= await makePrograms(options.replace);
  if (options.embedded !== true) database ??= await createTestDatabase();
  const settings = testSettings({
    NESTOR_HOME: home,
    ...(database && { DATABASE_URL: database.url }),
    NESTOR_SHUTDOWN_TIMEOUT_MS: '500',
    ...options.settings,
  });
  const output = new PassThrough();
  let printed = '';
  output.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const launcher = new Launcher({
    settings,
    environment: { PATH: process.env['PATH'], npm_config_secret: 'x' },
    scripts: programs.folder,
    terminal: new Terminal(output, false),
    resetAdminPassword: options.resetAdminPassword ?? false,
  });
  running.push(launcher);
  return { launcher, printed: () => printed };
}

const credentials = async (): Promise<Record<string, string>> =>
  JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Record<string, string>;

async function pidOf(name: string): Promise<number> {
  const text = await readFile(join(home, 'processes', `${name}.json`), 'utf8').catch(() => '{"pid":0}');
  return (JSON.parse(text) as { pid: number }).pid;
}

describe('Launcher', () => {
  it('starts everything, tells how to get in, and stops it in order', async () => {
    const { launcher, printed } = await makeLauncher({ embedded: true });
    await launcher.start();
    const known = await credentials();
    expect((await stat(join(home, 'credentials.json'))).mode & 0o777).toBe(0o600);
    expect(known).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      email: 'admin@nestor.local',
      password: expect.stringContaining('password-'),
      apiKey: expect.stringContaining('nst_'),
    });
    for (const part of [`${known['url']}/graphql`, known['email'], known['password'], known['apiKey'], 'curl -s']) {
      expect(printed()).toContain(part);
    }
    expect(printed()).toMatch(/✓ Embedded PostgreSQL \(made and started\) {2}[\d.]+ m?s/);
    const url = await databaseUrlFor({ DATABASE_URL: undefined, NESTOR_HOME: home });
    expect(await query(url, 'SELECT count(*) > 0 AS migrated FROM migrations')).toEqual([{ migrated: true }]);
    expect((await stat(join(home, 'database.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(home, 'logs', 'api.log'), 'utf8')).toContain(url);
    const logs = await readdir(join(home, 'logs'));
    for (const log of logs) {
      expect(await readFile(join(home, 'logs', log), 'utf8')).not.toContain(known['password']);
    }

    await launcher.stop();
    expect(await readFile(programs?.ends ?? '', 'utf8')).toBe('api SIGTERM\nworker SIGTERM\n');
    await expect(query(url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);

    const second = await makeLauncher({ embedded: true });
    await second.launcher.start();
    expect(await credentials()).toMatchObject({ password: known['password'], apiKey: known['apiKey'] });
    expect(second.printed()).toContain(known['password']);
  });

  it('brings back whatever dies', async () => {
    const { launcher, printed } = await makeLauncher({ embedded: true });
    await launcher.start();
    const url = await databaseUrlFor({ DATABASE_URL: undefined, NESTOR_HOME: home });
    const [api, worker] = [await pidOf('api'), await pidOf('worker')];
    const postmaster = Number.parseInt(await readFile(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8'), 10);
    for (const pid of [api, worker, postmaster]) process.kill(pid, 'SIGKILL');
    await until(() =>
      ['api is back', 'worker is back', 'PostgreSQL is back'].every((text) => printed().includes(text)),
    );
    expect(await pidOf('api')).not.toBe(api);
    expect(isAlive(api)).toBe(false);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('makes a new password when the first one was lost in a crash', async () => {
    const first = await makeLauncher({ embedded: true });
    await first.launcher.start();
    const before = await credentials();
    await first.launcher.stop();
    // As a crash leaves it between the end of the set-up and the write of the file.
    await rm(join(home, 'credentials.json'));
    await writeFile(join(home, 'first-start-unfinished'), '');
    const second = await makeLauncher({ embedded: true });
    await second.launcher.start();
    const after = await credentials();
    expect(after['password']).not.toBe(before['password']);
  });

  it('does not bring back a file of credentials that was deleted on purpose', async () => {
    const first = await makeLauncher({ embedded: true });
    await first.launcher.start();
    await first.launcher.stop();
    await rm(join(home, 'credentials.json'));
    const second = await makeLauncher({ embedded: true });
    await second.launcher.start();
    expect(await readdir(home)).not.toContain('credentials.json');
    expect(second.printed()).toMatch(/npm start -- --reset-/);
  });

  it('makes new credentials when it is asked to', async () => {
    const first = await makeLauncher();
    await first.launcher.start();
    const before = await credentials();
    await first.launcher.stop();
    const second = await makeLauncher({ resetAdminPassword: true });
    await second.launcher.start();
    expect((await credentials())['password']).not.toBe(before['password']);
  });

  it('does not take the administrator of a database that was set up elsewhere', async () => {
    await writeFile(join(home, 'set-up'), '');
    const { launcher, printed } = await makeLauncher();
    await launcher.start();
    expect(await readdir(home)).not.toContain('credentials.json');
    expect(printed()).toMatch(/npm start -- --reset-/);
  });

  it('stops in the middle of a start', async () => {
    const { launcher } = await makeLauncher({ replace: { 'bootstrap.main.js': 'setInterval(() => {}, 1000)' } });
    const starting = launcher.start();
    await until(async () => (await pidOf('bootstrap')) !== 0);
    const pid = await pidOf('bootstrap');
    await launcher.stop();
    await starting;
    expect(isAlive(pid)).toBe(false);
  });

  it('ends at once when it is told to', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
      (await import('node:http')).createServer((_, r) => r.end()).listen(Number(process.env.MANAGEMENT_PORT), '127.0.0.1');`;
    const { launcher } = await makeLauncher({
      replace: { 'main.js': stubborn },
      settings: { NESTOR_SHUTDOWN_TIMEOUT_MS: '600000' },
    });
    await launcher.start();
    const api = await pidOf('api');
    const stopping = launcher.stop();
    launcher.kill();
    await stopping;
    expect(isAlive(api)).toBe(false);
  });

  it('ends by force what does not stop in time', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
      (await import('node:http')).createServer((_, r) => r.end()).listen(Number(process.env.MANAGEMENT_PORT), '127.0.0.1');`;
    const { launcher, printed } = await makeLauncher({ replace: { 'main.js': stubborn } });
    await launcher.start();
    await launcher.stop();
    expect(printed()).toContain('api did not stop within');
  });
});

describe('a start that cannot be', () => {
  it('shows what a process says that does not start', async () => {
    const { launcher, printed } = await makeLauncher({
      replace: { 'main.js': `console.error('PORT: is not to my taste'); process.exit(78)` },
    });
    await expect(launcher.start()).rejects.toThrow(/api does not start \(exit status 78\)[^]*not to my taste/);
    expect(printed()).toContain('✗ The api');
  });

  it('gives up a process that dies again and again', async () => {
    const { launcher, printed } = await makeLauncher({ replace: { 'worker.main.js': `throw new Error('broken')` } });
    await expect(launcher.start()).rejects.toThrow(/worker does not start[^]*broken/);
    expect(printed().match(/worker died/g)).toHaveLength(2);
  });

  it('shows why the set-up failed', async () => {
    const { launcher } = await makeLauncher({
      replace: { 'bootstrap.main.js': `console.error('no such model'); process.exit(1)` },
    });
    await expect(launcher.start()).rejects.toThrow(/could not be set up \(exit status 1\)[^]*no such model/);
  });

  it('does not take just anything for the answer of the set-up', async () => {
    const { launcher } = await makeLauncher({ replace: { 'bootstrap.main.js': `console.log('{}')` } });
    await expect(launcher.start()).rejects.toThrow(/did not say what it made/);
  });

  it('names the settings of ports that are taken', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const { launcher } = await makeLauncher({
      settings: { PORT: String(port), MANAGEMENT_PORT: '9999', WORKER_MANAGEMENT_PORT: '9999' },
    });
    await expect(launcher.start()).rejects.toThrow(
      new RegExp(
        `PORT: port ${port} .* taken by another program[^]*WORKER_MANAGEMENT_PORT: 9999 is also MANAGEMENT_PORT`,
      ),
    );
    server.close();
  });

  it('names an address that is not of this machine', async () => {
    const { launcher } = await makeLauncher({ settings: { HOST: '192.0.2.1' } });
    await expect(launcher.start()).rejects.toThrow(/HOST=192\.0\.2\.1/);
  });

  it('names a database that cannot be reached, without its password', async () => {
    const port = await freePort();
    const url = `postgresql://somebody:hunter2@127.0.0.1:${port}/there`;
    const { launcher, printed } = await makeLauncher({ settings: { DATABASE_URL: url } });
    const message = await launcher.start().then(
      () => 'it started',
      (error: unknown) => String(error),
    );
    expect(message).toMatch(/DATABASE_URL/);
    expect(message).toContain(`127.0.0.1:${port}/there`);
    expect(message + printed()).not.toContain('hunter2');
  });

  it('names a user of the database who may not make tables', async () => {
    database = await createTestDatabase();
    const role = `nestor_test_${process.pid}`;
    await query(database.url, `CREATE ROLE ${role} LOGIN PASSWORD 'p'`, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'p'];
    const { launcher } = await makeLauncher({ settings: { DATABASE_URL: url.href } });
    await expect(launcher.start()).rejects.toThrow(/may not make tables/);
    await query(database.url, `DROP ROLE ${role}`);
  });

  it('lists all that stands in its way at once', async () => {
    const [postgres, redis] = [await freePort(), await freePort()];
    const { launcher } = await makeLauncher({
      settings: {
        MANAGEMENT_PORT: '9999',
        WORKER_MANAGEMENT_PORT: '9999',
        DATABASE_URL: `postgresql://127.0.0.1:${postgres}/x`,
        REDIS_URL: `redis://127.0.0.1:${redis}`,
      },
    });
    await expect(launcher.start()).rejects.toThrow(
      new RegExp(`- WORKER_MANAGEMENT_PORT[^]*- .*127.0.0.1:${postgres}[^]*- .*127.0.0.1:${redis}`),
    );
  });

  it('does not overwrite credentials that it cannot read', async () => {
    await writeFile(join(home, 'credentials.json'), '{"password":');
    const { launcher } = await makeLauncher();
    await expect(launcher.start()).rejects.toThrow(/credentials\.json was changed[^]*--reset-admin-password/);
    expect(await readFile(join(home, 'credentials.json'), 'utf8')).toBe('{"password":');
  });

  it('wants room on the disk', async () => {
    await expect(requireFreeDisk(home, Number.POSITIVE_INFINITY)).rejects.toThrow(/has \d+ MB free[^]*NESTOR_HOME/);
  });

  it('leaves no database URL behind for commands when there is none', async () => {
    const known = databaseUrlFor({ DATABASE_URL: undefined, NESTOR_HOME: home });
    await expect(known).rejects.toThrow(/DATABASE_URL: is not set/);
  });

  it('names a Redis that cannot be reached', async () => {
    const port = await freePort();
    const { launcher } = await makeLauncher({ settings: { REDIS_URL: `redis://127.0.0.1:${port}` } });
    await expect(launcher.start()).rejects.toThrow(/REDIS_URL/);
  });

  it('leaves a database alone that a newer Nestor has migrated', async () => {
    database = await createTestDatabase();
    await query(database.url, `INSERT INTO migrations (timestamp, name) VALUES (1, 'FromTheFuture1')`);
    const { launcher } = await makeLauncher();
    await expect(launcher.start()).rejects.toThrow(/migrated by a newer Nestor[^]*FromTheFuture1/);
  });

  it('says so when the schema cannot be brought up to date', async () => {
    database = await createEmptyDatabase();
    await query(database.url, 'CREATE VIEW migrations AS SELECT 1 AS id');
    const { launcher } = await makeLauncher();
    await expect(launcher.start()).rejects.toThrow(/schema could not be brought up to date/);
  });
});
