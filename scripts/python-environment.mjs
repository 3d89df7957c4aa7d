/**
 * `node scripts/python-environment.mjs FOLDER`: a virtual environment in `FOLDER/.venv` with what
 * `FOLDER/requirements.txt` names, made again when that changes. Needs Python 3.10 or later (`PYTHON` names another
 * than `python3`) and the Python package index.
 */

import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, runScript } from './command.mjs';
import { step } from './progress.mjs';

/**
 * @param {string} folder
 * @returns {Promise<string>} path of the environment's Python
 */
export async function pythonEnvironment(folder) {
  const requirements = join(folder, 'requirements.txt');
  const environment = join(folder, '.venv');
  const stamp = join(environment, '.nestor-installed');
  const python = join(environment, process.platform === 'win32' ? 'Scripts' : 'bin', 'python');
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return python;
  await step(`Installing ${relative(root, requirements)}`, async () => {
    await rm(environment, { recursive: true, force: true });
    await run(process.env.PYTHON ?? 'python3', ['-m', 'venv', environment]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  });
  await writeFile(stamp, wanted);
  return python;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runScript(() => pythonEnvironment(resolve(process.argv[2])));
}
