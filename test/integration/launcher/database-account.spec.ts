import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAs } from '../../../src/launcher/postgres/account-command.js';
import { databaseAccount, type DatabaseAccount } from '../../../src/launcher/postgres/database-account.js';
import { databaseFolder } from '../../../src/launcher/postgres/database-folder.js';
import { preparePrograms } from '../../../src/launcher/postgres/postgres-binaries.js';
import { writeDurably } from '../../../src/launcher/state/durable-file.js';
import { built } from '../../support/built.js';
import { makeHome, removeHome } from '../../support/launcher/homes.js';

const isRoot = process.getuid?.() === 0;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-test-account-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function accountOfRoot(): Promise<DatabaseAccount> {
  const account = await databaseAccount(join(folder, 'data'));
  if (account === undefined) throw new Error('root has to have an account for the database');
  return account;
}

describe.runIf(isRoot)('as root', () => {
  it('runs the database as a user of its own', async () => {
    const account = await accountOfRoot();
    expect(account.uid).not.toBe(0);
    const ended = await runAs({ program: '/bin/sh', args: ['-c', 'id -u; env'], account, onParentDeath: 'KILL' });
    const [uid, ...environment] = ended.output.split('\n');
    expect(uid).toBe(String(account.uid));
    expect(environment.join()).not.toMatch(/NESTOR|DATABASE|TEST_|HOME=/);
  });

  it('makes the user when there is none', async () => {
    const name = `nestor-t${process.pid}`;
    const made = await databaseAccount(join(folder, 'data'), name);
    expect(await databaseAccount(join(folder, 'data'), name)).toEqual(made);
    expect(made?.uid).toBeGreaterThan(0);
    await promisify(execFile)('userdel', [name]);
  });

  it('uses the user of another PostgreSQL, or says what to do, when none can be made', async () => {
    const refused = 'no:such:name';
    const postgres = await promisify(execFile)('id', ['-u', 'postgres']).catch(() => undefined);
    const asked = databaseAccount(join(folder, 'data'), refused);
    if (postgres) expect((await asked)?.uid).toBe(Number(postgres.stdout));
    else await expect(asked).rejects.toThrow(/useradd --system[^]*DATABASE_URL/);
  });

  it('leaves files to the owner of a folder that is not its own', async () => {
    await promisify(execFile)('chown', ['65534:65534', folder]);
    await writeDurably(join(folder, 'file'), 'content');
    expect(await lstat(join(folder, 'file'))).toMatchObject({ uid: 65534, gid: 65534 });
  });

  it('keeps to the owner of a database that exists', async () => {
    const data = join(folder, 'data');
    await mkdir(data);
    await promisify(execFile)('chown', ['65534:65534', data]);
    expect(await databaseAccount(data)).toEqual({ uid: 65534, gid: 65534 });
  });

  it('leaves the database in a home that its user can pass through', async () => {
    await chmod(folder, 0o711);
    expect(await databaseFolder(folder, await accountOfRoot())).toBe(join(folder, 'postgres'));
  });

  it('puts the database elsewhere, behind a link, when the home is closed', async () => {
    await chmod(folder, 0o711);
    const [home, reachable] = [join(folder, 'closed', 'home'), join(folder, 'reachable')];
    await mkdir(home, { recursive: true, mode: 0o700 });
    await chmod(join(folder, 'closed'), 0o700);
    const account = await accountOfRoot();
    const found = await databaseFolder(home, account, reachable);
    expect(found.startsWith(`${reachable}/`)).toBe(true);
    expect(await readlink(join(home, 'postgres'))).toBe(found);
    expect(await databaseFolder(home, account, reachable)).toBe(found);
    expect(await readdir(reachable)).toHaveLength(1);

    await rm(found, { recursive: true });
    await expect(databaseFolder(home, account, reachable)).rejects.toThrow(/no longer there/);
  });

  it('never moves a database that is there already', async () => {
    const home = join(folder, 'home');
    await mkdir(join(home, 'postgres', 'data'), { recursive: true });
    await chmod(folder, 0o700);
    await expect(databaseFolder(home, await accountOfRoot())).rejects.toThrow(/can no longer reach[^]*chmod o\+x/);
  });

  it('says so when there is no place that the user can reach', async () => {
    const home = join(folder, 'home');
    await mkdir(home);
    const closed = join(folder, 'also-closed');
    await expect(databaseFolder(home, await accountOfRoot(), closed)).rejects.toThrow(
      /Neither .* nor .* can be reached/,
    );
  });

  it('copies the programs when the package cannot be read by the user', async () => {
    await chmod(folder, 0o711);
    const installed = join(folder, 'closed', 'native');
    await mkdir(join(folder, 'closed'), { mode: 0o700 });
    const original = await preparePrograms(folder, undefined);
    await promisify(execFile)('cp', ['-a', join(original.postgres, '..', '..'), installed]);
    const programs = await preparePrograms(folder, await accountOfRoot(), installed);
    expect(programs.postgres).toBe(join(folder, 'programs', 'native', 'bin', 'postgres'));
    expect((await lstat(join(folder, 'programs', 'native', 'lib', 'libicui18n.so.60'))).isSymbolicLink()).toBe(true);
  });

  it('runs under another user who is not root, in a home of that user', async ({ skip }) => {
    const entry = await built('src/launcher/postgres/embedded-postgres.js');
    const args = ['-c', 'test -r "$0"', entry];
    const asked = await runAs({ program: '/bin/sh', args, account: { uid: 65534, gid: 65534 }, onParentDeath: 'KILL' });
    skip(!asked.succeeded, 'this copy of the project is in a folder that is closed to other users');
    const home = await makeHome(0o700);
    await promisify(execFile)('chown', ['65534:65534', home]);
    const program = `
      import { EmbeddedPostgres } from ${JSON.stringify(entry)};
      import { Client } from ${JSON.stringify(import.meta.resolve('pg'))};
      const home = ${JSON.stringify(home)};
      const postgres = await EmbeddedPostgres.start({ home, log: home + '/postgres.log', maxConnections: 10 });
      const client = new Client({ connectionString: postgres.url });
      await client.connect();
      console.log(JSON.stringify((await client.query('SELECT 1 AS one')).rows), process.getuid());
      await client.end();
      await postgres.stop(10_000);`;
    await writeFile(join(home, 'program.mjs'), program);
    await chmod(join(home, 'program.mjs'), 0o644);
    const identity = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const ran = await promisify(execFile)('setpriv', [...identity, process.execPath, join(home, 'program.mjs')], {
      cwd: '/',
    });
    expect(ran.stdout.trim()).toBe('[{"one":1}] 65534');
    await removeHome(home);
  });
});

it.runIf(!isRoot)('needs no account when it is not root', async () => {
  expect(await databaseAccount(join(folder, 'data'))).toBeUndefined();
});

it('tells what is wrong with programs that do not run', async () => {
  const installed = join(folder, 'native');
  await mkdir(join(installed, 'bin'), { recursive: true });
  await writeFile(join(installed, 'bin', 'postgres'), '#!/bin/sh\necho this is no PostgreSQL\nexit 1\n', {
    mode: 0o755,
  });
  await expect(preparePrograms(folder, undefined, installed)).rejects.toThrow(
    /does not run on this system: this is no PostgreSQL[^]*DATABASE_URL/,
  );
});
