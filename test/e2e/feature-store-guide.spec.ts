import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/process/package-root.js';
import { built } from '../support/built.js';
import { asShown, runGuide, stepsOf } from '../support/guides/guide.js';
import { makeHome, removeHome } from '../support/launcher/homes.js';
import { type LauncherProcess, spawnLauncher } from '../support/launcher/launcher-process.js';

let home: string;
let launcher: LauncherProcess;

beforeAll(async () => {
  home = await makeHome();
  launcher = spawnLauncher([await built('src/launcher.main.js')], {
    NESTOR_HOME: home,
    PORT: '0',
    MANAGEMENT_PORT: '0',
    WORKER_MANAGEMENT_PORT: '0',
    NESTOR_EXECUTORS: '1',
  });
  await launcher.printedLine(/Ctrl-C stops everything/);
}, 120_000);

afterAll(async () => {
  process.kill(launcher.pid, 'SIGINT');
  await launcher.ended;
  await removeHome(home);
}, 60_000);

it('works as it is written', async () => {
  const steps = stepsOf(await readFile(join(packageRoot, 'docs/guides/feature-store.md'), 'utf8'));
  const { url, apiKey } = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Record<string, string>;
  const printed = await runGuide(steps, {
    NESTOR_URL: new URL(url ?? '').origin,
    NESTOR_KEY: apiKey ?? '',
    TMPDIR: home,
  });
  const shown = steps.flatMap((step, index) => (step.shown === null ? [] : [{ step, text: printed[index] ?? '' }]));
  expect(shown.length).toBeGreaterThan(5);
  for (const { step, text } of shown) expect(asShown(JSON.parse(text), step.shown)).toEqual(step.shown);
}, 180_000);
