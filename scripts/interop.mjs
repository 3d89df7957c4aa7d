/**
 * `npm run test:interop`: tries Nestor with the clients that people use it with, from the Python package index, in
 * virtual environments of their own. Needs Python 3.10 or later (`PYTHON` names another than `python3`).
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, runNode, runScript } from './command.mjs';
import { build, checkNode, installDependencies } from './prepare.mjs';
import { pythonEnvironment } from './python-environment.mjs';

/** Installs the clients unless they are there, and runs their tests. */
export async function tryClients() {
  const folder = join(root, 'test', 'interop');
  const python = await pythonEnvironment(folder);
  const feastPython = await pythonEnvironment(join(folder, 'feast'));
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  await runNode([vitest, 'run', '--config', 'vitest.interop.config.ts'], {
    show: true,
    environment: { NESTOR_INTEROP_PYTHON: python, NESTOR_INTEROP_FEAST_PYTHON: feastPython },
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
