import { describe, expect, it } from 'vitest';
import type { InspectSettings } from '../protocol/control.js';
import { restartDelayMs } from './backoff.rules.js';
import { commandLine } from './launch.js';
import { type ExitFacts, processEnd } from './process-end.rules.js';
import { outOfMemoryKills, residentBytes } from './process-memory.js';
import { Quarantine } from './quarantine.js';

const MINUTE = 60_000;

describe('Quarantine', () => {
  it('begins with the third strike within ten minutes and ends after five', () => {
    const quarantine = new Quarantine();
    expect([0, MINUTE, 2 * MINUTE].map((now) => quarantine.strike('bad', now))).toEqual([false, false, true]);
    expect(quarantine.endOf('bad', 2 * MINUTE)).toBe(7 * MINUTE);
    expect(quarantine.list(2 * MINUTE)).toEqual([{ digest: 'bad', until: 7 * MINUTE }]);
    expect(quarantine.endOf('bad', 7 * MINUTE)).toBeUndefined();
    expect(quarantine.list(7 * MINUTE)).toEqual([]);
  });

  it('starts over after it', () => {
    const quarantine = new Quarantine();
    for (const now of [0, 1, 2]) quarantine.strike('bad', now);
    expect(quarantine.strike('bad', 6 * MINUTE)).toBe(false);
  });

  it('does not add up strikes that lie far apart, nor those of others', () => {
    const quarantine = new Quarantine();
    expect([0, 6, 12, 18].map((minute) => quarantine.strike('rare', minute * MINUTE))).not.toContain(true);
    expect(quarantine.strike('other', 18 * MINUTE)).toBe(false);
    expect(quarantine.list(60 * MINUTE)).toEqual([]);
    expect(quarantine.endOf('rare', 18 * MINUTE)).toBeUndefined();
  });
});

describe('restartDelayMs', () => {
  it('doubles from a tenth of a second to half a minute, with chance', () => {
    expect([1, 2, 3, 20].map((failures) => restartDelayMs(failures, 0))).toEqual([50, 100, 200, 15_000]);
    expect(restartDelayMs(3, 0.5)).toBe(300);
    expect(restartDelayMs(2_000, 0.999)).toBeLessThanOrEqual(30_000);
  });
});

describe('processEnd', () => {
  const nothing: ExitFacts = { code: null, signal: null, killedFor: undefined, isSystemOutOfMemory: false };

  it.each<[Partial<ExitFacts>, string, boolean]>([
    [{ code: 0 }, 'exited', false],
    [{ code: 1 }, 'crashed', true],
    [{ signal: 'SIGSEGV' }, 'crashed', true],
    [{ signal: 'SIGABRT', isSystemOutOfMemory: true }, 'crashed', true],
    [{ signal: 'SIGKILL' }, 'killed', false],
    [{ signal: 'SIGTERM' }, 'killed', false],
    [{ signal: 'SIGKILL', isSystemOutOfMemory: true }, 'memory', true],
    [{ signal: 'SIGKILL', killedFor: 'memory' }, 'memory', true],
    [{ signal: 'SIGKILL', killedFor: 'hung' }, 'hung', true],
    [{ signal: 'SIGKILL', killedFor: 'stopped', isSystemOutOfMemory: true }, 'stopped', false],
  ])('%j is %s, the fault of the model: %s', (facts, reason, isModelsFault) => {
    expect(processEnd({ ...nothing, ...facts })).toMatchObject({ reason, isModelsFault });
  });
});

describe('commandLine', () => {
  const settings: InspectSettings = { mode: 'inspect', device: 'cpu', threads: 1, emptyFolder: '/e', path: '/m', digest: 'd' }; // prettier-ignore
  const options = { entry: '/executor.js', memoryBytes: 1024 * 1024, runTimeoutMs: 1, log: () => undefined };
  const plain = (device: string) => [process.execPath, '/executor.js', JSON.stringify({ ...settings, device })];

  it('bounds memory on Linux', () => {
    const [shell, , script, ...rest] = commandLine(settings, options, 'linux');
    expect([shell, script]).toEqual(['/bin/sh', 'ulimit -c 0; ulimit -d 1024; exec "$@"']);
    expect(rest).toEqual(['sh', ...plain('cpu')]);
  });

  it('leaves other systems and CUDA to the watchdog', () => {
    expect(commandLine(settings, options, 'darwin')).toEqual(plain('cpu'));
    expect(commandLine({ ...settings, device: 'cuda:1' }, options, 'linux')).toEqual(plain('cuda:1'));
  });
});

describe('process memory', () => {
  it.each(['linux', 'darwin'] as const)('is read as on %s', async (platform) => {
    const resident = await residentBytes(process.pid, platform);
    expect(resident).toBeGreaterThan(10 * 1024 * 1024);
    expect(resident).toBeLessThan(64 * 1024 ** 3);
  });

  it('is unknown of processes that have ended', async () => {
    expect(await residentBytes(4_194_304 + 1)).toBeUndefined();
    expect(await outOfMemoryKills()).toBeGreaterThanOrEqual(0);
  });
});
