import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/common/process/package-root.js';

/** Runs one of the scripts beside this file in a process of its own and reads the JSON that it prints. */
export async function resultOf<Result>(script: string, ...parameters: string[]): Promise<Result> {
  const path = join(packageRoot, 'dist/bench/support', `${script}.js`);
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...parameters]);
  return JSON.parse(stdout) as Result;
}

export const figureOf = async (script: string, ...parameters: string[]): Promise<number> =>
  (await resultOf<{ perSecond: number }>(script, ...parameters)).perSecond;
