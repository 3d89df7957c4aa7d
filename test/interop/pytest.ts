import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { packageRoot } from '../../src/common/process/package-root.js';

/**
 * Runs tests of a client in a process of their own.
 * @param interpreter name of the variable with the path of the client's Python.
 * @param tests their file, below this folder.
 * @returns what pytest wrote.
 */
export async function pytest(
  interpreter: string,
  tests: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const python = process.env[interpreter];
  if (python === undefined) throw new Error('Run this by `npm run test:interop`, which installs the clients.');
  const file = join(packageRoot, 'test', 'interop', tests);
  const run = promisify(execFile)(python, ['-m', 'pytest', '-q', '--tb=short', '-p', 'no:cacheprovider', file], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment },
  });
  const { stdout } = await run.catch((error: { stdout: string }) => expect.unreachable(error.stdout.slice(-5_000)));
  return stdout;
}
