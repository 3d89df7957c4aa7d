import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/common/process/package-root.js';

/** Runs one of the scripts beside this file in a process of its own and reads the figure that it prints. */
export async function figureOf(script: string, ...parameters: string[]): Promise<number> {
  const path = join(packageRoot, 'dist/bench/support', `${script}.js`);
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...parameters]);
  return (JSON.parse(stdout) as { perSecond: number }).perSecond;
}
