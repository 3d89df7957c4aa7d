/** Makes a bare clone ready to run: checks Node, installs what is missing or stale, builds what is missing or stale. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, runNpm, ScriptError } from './command.mjs';
import { step } from './progress.mjs';

/** As `engines` in package.json. */
const OLDEST_NODE = [20, 19];

const lockFile = join(root, 'package-lock.json');
const installedList = join(root, 'node_modules', '.package-lock.json');
const installStamp = join(root, 'node_modules', '.nestor-installed');
const buildStamp = join(root, 'dist', '.nestor-built');
const entry = join(root, 'dist', 'src', 'launcher.main.js');

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new ScriptError(
    `Nestor needs Node ${OLDEST_NODE.join('.')} or later, and this is ${process.version} (${process.execPath}).\n` +
      'Install a current one from https://nodejs.org and try again.',
  );
}

/** Installs the pinned dependencies unless they are there. */
export async function installDependencies() {
  const wanted = createHash('sha256')
    .update(await readFile(lockFile))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
  if ((await readOr(installStamp, '')) === wanted) return;
  if (!(await isInstalled())) {
    await step('Installing dependencies', () =>
      runNpm(['ci', '--include=dev', '--include=optional', '--loglevel=error', '--no-progress'], {
        // Its install script would download CUDA; the CPU library is in the package.
        environment: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
      }),
    );
  }
  // The stamp only saves the next start a comparison: whoever may not write here can do without it.
  await writeFile(installStamp, wanted).catch((error) => {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error;
  });
}

/** Whether npm's own list of what it installed has everything that the lock file asks for. */
async function isInstalled() {
  const asked = JSON.parse(await readFile(lockFile, 'utf8')).packages;
  const installed = JSON.parse(await readOr(installedList, '{}')).packages ?? {};
  // A package that is absent although it is asked for is optional: it is for other platforms.
  return Object.entries(asked).every(([path, { version, integrity, optional, peer }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return optional === true || peer === true;
    return found.version === version && (integrity === undefined || found.integrity === integrity);
  });
}

/** Builds unless `dist` was built from these very sources. */
export async function build() {
  const wanted = await sourceDigest();
  if ((await readOr(buildStamp, '')) === wanted && existsSync(entry)) return;
  await step('Building', async () => {
    await rm(buildStamp, { force: true });
    // The compiler's memory of what it wrote is worth nothing once that was deleted.
    if (!existsSync(entry)) await rm(join(root, 'dist', '.tsbuildinfo'), { force: true });
    await runNpm(['run', 'build', '--silent']);
    await removeOrphans('src');
    await removeOrphans('migrations');
  });
  await mkdir(join(root, 'dist'), { recursive: true });
  await writeFile(buildStamp, wanted);
}

/** Removes compiled files whose source is gone. */
async function removeOrphans(folder) {
  for (const name of await readdir(join(root, 'dist', folder), { recursive: true })) {
    if (!/\.js(\.map)?$/.test(name)) continue;
    const source = join(root, folder, name.replace(/\.js(\.map)?$/, '.ts'));
    if (!existsSync(source)) await rm(join(root, 'dist', folder, name));
  }
}

async function sourceDigest() {
  const hash = createHash('sha256');
  const files = ['ormconfig.ts', 'package-lock.json', 'package.json', 'tsconfig.build.json', 'tsconfig.json'];
  for (const folder of ['migrations', 'src']) {
    const names = await readdir(join(root, folder), { recursive: true });
    files.push(
      ...names.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')).map((name) => join(folder, name)),
    );
  }
  for (const file of files.sort()) hash.update(`${file}\0`).update(await readFile(join(root, file)));
  return hash.digest('hex');
}

async function readOr(path, otherwise) {
  return readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return otherwise;
    throw error;
  });
}
