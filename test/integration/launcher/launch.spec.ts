import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { launch } from '../../../src/launcher/launch.js';
import { freePort } from '../../../src/launcher/network/free-port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { makeHome, removeHome, until } from '../../support/launcher/homes.js';
import { makePrograms } from '../../support/launcher/programs.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let home: string;
let database: TestDatabase;
let programs: string;
let printed = '';
let mask: number;
const before = new Map<string, Function[]>();

beforeEach(async () => {
  home = await makeHome();
  database = await createTestDatabase();
  programs = (await makePrograms()).folder;
  mask = process.umask();
  for (const signal of SIGNALS) before.set(signal, process.listeners(signal));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  process.umask(mask);
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) {
      if (before.get(signal)?.includes(listener) !== true) process.removeListener(signal, listener);
    }
  }
  await database.drop();
  await rm(programs, { recursive: true, force: true });
  await removeHome(home);
});

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: process.env['PATH'],
  NESTOR_HOME: home,
  DATABASE_URL: database.url,
  PORT: '0',
  MANAGEMENT_PORT: '0',
  WORKER_MANAGEMENT_PORT: '0',
  npm_lifecycle_event: 'start',
  ...more,
});

it('runs until a signal comes, and takes a doubled one for one', async () => {
  const ended = launch(environment(), [], programs);
  await until(() => printed.includes('Ctrl-C stops everything'));
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  expect(await ended).toBe(0);
  expect(printed).toMatch(/Stopping \(SIGHUP\)[^]*✓ Stopped/);
  expect(printed).not.toContain('Ending at once');
});

it('answers settings that are not valid with status 78', async () => {
  expect(await launch(environment({ PORT: 'x', HOST: '' }), [], programs)).toBe(78);
  expect(printed).toContain('- PORT:');
});

it('answers arguments that it does not know with status 64', async () => {
  expect(await launch(environment(), ['--help'], programs)).toBe(64);
  expect(printed).toContain('--help');
});

it('answers a taken port with status 78 and the name of the setting', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await launch(environment({ PORT: String(port) }), [], programs)).toBe(78);
  expect(printed).toContain(`- PORT: port ${port}`);
  server.close();
});

it('says why it cannot start, without a stack trace', async () => {
  const port = await freePort();
  const status = await launch(environment({ DATABASE_URL: `postgresql://127.0.0.1:${port}/x` }), [], programs);
  expect(status).toBe(1);
  expect(printed).toMatch(/Nestor cannot start\.\n[^]*DATABASE_URL/);
  expect(printed).not.toMatch(/\n\s+at /);
});
