import { execFile } from 'node:child_process';
import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withLockFile } from './lock-file.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dist = join(root, 'dist');
const stamp = join(dist, '.built-for-tests');
/** That of `npm test` and `npm start`, which build before they do anything else. */
const projectStamp = join(dist, '.nestor-built');
const lock = join(root, 'node_modules', '.built-for-tests.lock');

/**
 * The path of a compiled file, such as `built('src/executor.main.js')`, for tests that start real processes. Compiles
 * first (without checking types, which is another step's job) where a source is newer; one test file at a time.
 */
export async function built(path: string): Promise<string> {
  await withLockFile(lock, async () => {
    const newestSource = await newest(join(root, 'src'));
    const builtAt = Math.max(await modifiedAt(stamp), await modifiedAt(projectStamp));
    if (builtAt > newestSource && (await modifiedAt(join(dist, path))) > 0) return;
    const startedAt = new Date();
    await compile();
    await writeFile(stamp, '');
    // What was edited during the compilation is newer than it.
    await utimes(stamp, startedAt, startedAt);
  });
  return join(dist, path);
}

async function compile(): Promise<void> {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const parameters = ['-p', 'tsconfig.build.json', '--noCheck', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  await promisify(execFile)(process.execPath, [compiler, ...parameters], { cwd: root });
}

async function newest(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const times = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map((entry) => modifiedAt(join(entry.parentPath, entry.name)));
  return Math.max(0, ...(await Promise.all(times)));
}

async function modifiedAt(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}
