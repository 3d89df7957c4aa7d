/**
 * `npm run test:interop`: tries Nestor with the clients that people use it with, from the Python package index, in a
 * virtual environment of their own. Needs Python 3.10 or later (`PYTHON` names another than `python3`).
 */

import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, runNode, runScript } from './command.mjs';
import { build, checkNode, installDependencies } from './prepare.mjs';
import { step } from './progress.mjs';

const requirements = join(root, 'test', 'interop', 'requirements.txt');
const environment = join(root, 'test', 'interop', '.venv');
const stamp = join(environment, '.nestor-installed');
const python = join(environment, process.platform === 'win32' ? 'Scripts' : 'bin', 'python');

/** Installs the clients unless they are there, and runs their tests. */
export async function tryClients() {
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== wanted) {
    await step('Installing clients', async () => {
      await rm(environment, { recursive: true, force: true });
      await run(process.env.PYTHON ?? 'python3', ['-m', 'venv', environment]);
      await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
    });
    await writeFile(stamp, wanted);
  }
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  await runNode([vitest, 'run', '--config', 'vitest.interop.config.ts'], {
    show: true,
    environment: { NESTOR_INTEROP_PYTHON: python },
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runScript(async () => {
    checkNode();
    await installDependencies();
    await build();
    await tryClients();
  });
}
