import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootId, processFacts } from '../../../src/launcher/state/process-facts.js';
import { ProcessRegister } from '../../../src/launcher/state/process-register.js';
import { StateFolder } from '../../../src/launcher/state/state-folder.js';
import { isAlive } from '../../support/launcher/homes.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-test-state-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('StateFolder', () => {
  it('is closed to other users, who as root may only pass through', async () => {
    const state = await StateFolder.open(join(folder, 'a', 'home'));
    expect(await modeOf(state.path)).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
    expect(await modeOf(state.file('logs'))).toBe(0o700);
    await state.close();
  });

  it('refuses a second Nestor and names the first, until that is gone', async () => {
    const first = await StateFolder.open(folder);
    await expect(StateFolder.open(folder)).rejects.toThrow(
      new RegExp(`Another Nestor \\(process ${process.pid}\\).*NESTOR_HOME=`),
    );
    await first.close();
    await (await StateFolder.open(folder)).close();
    expect(await readdir(join(folder, 'lock'))).toEqual([]);
  });

  it('lets at most one of several in that come at the same moment', async () => {
    const opened = await Promise.allSettled(Array.from({ length: 6 }, () => StateFolder.open(folder)));
    expect(opened.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
  });

  it('minds no claim of a process that is gone, of an earlier boot, or cut short', async () => {
    const lock = join(folder, 'lock');
    await mkdir(lock);
    const own = { pid: process.pid, startTime: (await processFacts(process.pid))?.startTime ?? '' };
    const claim = { ...own, bootId: await bootId(), claimedAt: new Date(0).toISOString() };
    await writeFile(join(lock, '1.json'), JSON.stringify({ ...claim, pid: 2 ** 22 - 1 }));
    await writeFile(join(lock, '2.json'), JSON.stringify({ ...claim, startTime: '1' }));
    await writeFile(join(lock, '3.json'), JSON.stringify({ ...claim, bootId: 'an earlier one' }));
    await writeFile(join(lock, '4.json'), '{"pid":');
    await writeFile(join(lock, `${2 ** 22 - 1}-x.json.new`), '');
    await (await StateFolder.open(folder)).close();
    expect(await readdir(lock)).toEqual([]);
  });

  it('clears away what was being written when the power went', async () => {
    await writeFile(join(folder, 'credentials.json.123.new'), '{');
    await (await StateFolder.open(folder)).close();
    expect(await readdir(folder)).not.toContain('credentials.json.123.new');
  });

  it('says what is wrong with a place that is no folder', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(StateFolder.open(join(folder, 'file'))).rejects.toThrow(/NESTOR_HOME=.*is not a folder/);
    await expect(StateFolder.open(join(folder, 'file', 'below'))).rejects.toThrow(/is not a folder/);
  });

  it.skipIf(process.platform !== 'linux')('says what is wrong with a place that cannot be written', async () => {
    await expect(StateFolder.open('/sys/nestor')).rejects.toThrow(/cannot be written[^]*set NESTOR_HOME/);
  });
});

/** Starts a program that does not end when asked to. */
async function stubborn(): Promise<{ pid: number; ended: Promise<unknown[]> }> {
  const program = `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, ended: once(child, 'exit') };
}

describe('ProcessRegister', () => {
  it('ends what an earlier launcher left, by force where it has to', async () => {
    const child = await stubborn();
    await (await ProcessRegister.open(folder)).add('api', child.pid);
    const register = await ProcessRegister.open(folder);
    await register.endLeftovers(100);
    await child.ended;
    expect(isAlive(child.pid)).toBe(false);
    expect(await readdir(join(folder, 'processes'))).toEqual([]);
  });

  it('leaves a process alone that only has the same id', async () => {
    const child = await stubborn();
    await mkdir(join(folder, 'processes'));
    const claim = { pid: child.pid, startTime: '1', bootId: await bootId(), claimedAt: '' };
    await writeFile(join(folder, 'processes', 'api.json'), JSON.stringify(claim));
    await writeFile(join(folder, 'processes', 'worker.json'), '{');
    await (await ProcessRegister.open(folder)).endLeftovers(0);
    expect(isAlive(child.pid)).toBe(true);
    expect(await readdir(join(folder, 'processes'))).toEqual([]);
    process.kill(child.pid, 'SIGKILL');
    await child.ended;
  });

  it('forgets what has ended', async () => {
    const register = await ProcessRegister.open(folder);
    await register.add('api', process.pid);
    await register.remove('api');
    await register.add('gone', 2 ** 22 - 1);
    expect(await readdir(join(folder, 'processes'))).toEqual([]);
  });
});

describe('processFacts', () => {
  it('tells a living process from none', async () => {
    expect(await processFacts(process.pid)).toMatchObject({ zombie: false });
    expect(await processFacts(2 ** 22 - 1)).toBeUndefined();
  });

  it.skipIf(spawnSync('ps', ['-p', '1']).error)('asks ps where there is no /proc', async () => {
    const facts = await processFacts(process.pid, 'darwin');
    expect(facts).toMatchObject({ zombie: false, startTime: expect.stringMatching(/\d\d:\d\d:\d\d/) });
    expect(facts?.commandLine).toContain('node');
    expect((await processFacts(process.pid, 'darwin'))?.startTime).toBe(facts?.startTime);
  });

  it('takes a process for alive where nothing more can be learned', async () => {
    expect(await processFacts(process.pid, 'win32')).toMatchObject({ zombie: false });
  });
});
