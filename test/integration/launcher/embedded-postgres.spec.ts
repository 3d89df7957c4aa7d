import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedPostgres } from '../../../src/launcher/postgres/embedded-postgres.js';
import { freePort } from '../../../src/launcher/network/free-port.js';
import { isAlive, makeHome, query, removeHome, until } from '../../support/launcher/homes.js';

const PATIENCE_MS = 10_000;

let home: string;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => removeHome(home));

const start = (preferredPort?: number) =>
  EmbeddedPostgres.start({ home, log: join(home, 'postgres.log'), maxConnections: 20, preferredPort });

async function postmasterPid(): Promise<number> {
  const text = await readFile(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8');
  return Number.parseInt(text, 10);
}

/** Runs work on a started database and stops it whatever happens. */
async function withPostgres(work: (postgres: EmbeddedPostgres) => Promise<void>, preferredPort?: number) {
  const postgres = await start(preferredPort);
  try {
    await work(postgres);
  } finally {
    await postgres.stop(PATIENCE_MS);
  }
}

describe('EmbeddedPostgres', () => {
  it('clears what a power-off left of a database in the making, and makes it', async () => {
    await mkdir(join(home, 'postgres', 'data.new'), { recursive: true });
    await writeFile(join(home, 'postgres', 'data.new', 'PG_VERSION'), '18');
    await writeFile(join(home, 'postgres', 'password-for-initdb.new'), 'old');
    await withPostgres(async (postgres) => {
      expect(postgres.created).toBe(true);
      await query(postgres.url, 'CREATE TABLE kept (value text)', `INSERT INTO kept VALUES ('a')`);
      expect(await query(postgres.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
      expect(await query(postgres.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
      expect(await query(postgres.url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    });
    expect((await stat(join(home, 'postgres', 'data'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(home, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  });

  it('lets nobody in without the password', async () => {
    await withPostgres(async (postgres) => {
      const url = new URL(postgres.url);
      url.password = 'guess';
      await expect(query(url.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    });
  });

  it('keeps its data, and its port where that is free', async () => {
    const port = await freePort();
    await withPostgres(async (postgres) => {
      expect(postgres.created).toBe(false);
      expect(new URL(postgres.url).port).toBe(String(port));
      expect(await query(postgres.url, 'SELECT value FROM kept')).toEqual([{ value: 'a' }]);
    }, port);
  });

  it('takes another port when the last one is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    await withPostgres(async (postgres) => {
      expect(new URL(postgres.url).port).not.toBe(String(taken));
    }, taken);
    server.close();
  });

  it('comes back on the same port, with what was committed, after kill -9', async () => {
    await withPostgres(async (postgres) => {
      const before = postgres.url;
      await query(before, `INSERT INTO kept VALUES ('b')`);
      process.kill(await postmasterPid(), 'SIGKILL');
      expect(await postgres.ended()).toContain('SIGKILL');
      await postgres.restart();
      expect(postgres.url).toBe(before);
      expect(await query(before, 'SELECT value FROM kept ORDER BY value')).toEqual([{ value: 'a' }, { value: 'b' }]);
    });
  });

  it('shuts down a server that outlived its launcher before it starts its own', async () => {
    const orphan = await start();
    const pid = await postmasterPid();
    await withPostgres(async (postgres) => {
      expect(isAlive(pid)).toBe(false);
      expect(await query(postgres.url, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 2 }]);
    });
    await orphan.stop(PATIENCE_MS);
    expect(await orphan.ended()).toBe('it was stopped');
  });

  it.each([
    ['of a process that is something else', () => `${process.pid}\n/elsewhere\n`],
    ['that a power-off cut short', () => ''],
  ])('minds no postmaster.pid %s', async (_, content) => {
    await writeFile(join(home, 'postgres', 'data', 'postmaster.pid'), content());
    await withPostgres(async (postgres) => {
      expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });

  it('sets a new password when the file of the old one is lost', async () => {
    await rm(join(home, 'postgres', 'password'));
    await withPostgres(async (postgres) => {
      expect(await query(postgres.url, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 2 }]);
    });
  });

  it('shows the end of the log when the server does not start', async () => {
    const configuration = join(home, 'postgres', 'data', 'postgresql.conf');
    const sound = await readFile(configuration, 'utf8');
    await writeFile(configuration, 'no_such_parameter = 1\n');
    await expect(start()).rejects.toThrow(/PostgreSQL did not start[^]*no_such_parameter/);
    await writeFile(configuration, sound);
  });

  it('refuses a folder of another major version', async () => {
    const versionFile = join(home, 'postgres', 'data', 'PG_VERSION');
    await writeFile(versionFile, '17\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 17[^]*pg_dump/);
    await writeFile(versionFile, '18\n');
  });

  it('ends in order when it is stopped', async () => {
    const postgres = await start();
    const pid = await postmasterPid();
    await postgres.stop(PATIENCE_MS);
    expect(isAlive(pid)).toBe(false);
    await until(async () => (await readFile(join(home, 'postgres.log'), 'utf8')).trimEnd().endsWith('shut down'));
  });
});
