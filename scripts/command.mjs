/** Runs other programs for the scripts of this folder. */

import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of `package.json`. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Something the person at the terminal has to know or do; printed without a stack trace. */
export class ScriptError extends Error {}

/**
 * Runs a program of Node's, see {@link run}.
 * @param {string[]} parameters of `node`
 * @param {Parameters<typeof run>[2]} [options]
 */
export async function runNode(parameters, options) {
  return run(process.execPath, parameters, options);
}

/**
 * Runs a program in the root folder and keeps its output for the case that it fails.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ show?: boolean, environment?: Record<string, string> }} [options] `show`: print as it comes instead
 * @returns {Promise<void>}
 */
export async function run(program, parameters, { show = false, environment = {} } = {}) {
  const child = spawn(program, parameters, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const stopWith = (signal) => child.kill(signal);
  process.on('SIGINT', stopWith);
  process.on('SIGTERM', stopWith);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  try {
    const ended = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve({ status, signal }));
    });
    if (ended.signal === 'SIGINT' || ended.signal === 'SIGTERM') process.exit(130);
    if (ended.status !== 0) throw new ScriptError(explain(output));
  } finally {
    process.off('SIGINT', stopWith);
    process.off('SIGTERM', stopWith);
  }
}

/**
 * Runs npm, also where it is not on the path but started this script.
 * @param {string[]} parameters
 * @param {Parameters<typeof runNode>[1]} [options]
 */
export async function runNpm(parameters, options) {
  return runNode([npmProgram(), ...parameters], options);
}

/** npm's own program: the one that runs this script, else the one beside Node (as on Windows), else that on the path. */
function npmProgram() {
  const candidates = [
    process.env.npm_execpath ?? '',
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm')),
  ];
  const found = candidates
    .filter((path) => path !== '' && existsSync(path))
    .map((path) => realpathSync(path))
    .find((path) => path.endsWith('npm-cli.js'));
  if (found === undefined) throw new ScriptError('npm was not found. It comes with Node: https://nodejs.org');
  return found;
}

/** @param {string} output of a program that failed */
function explain(output) {
  const hints = [
    [/ENOSPC|EDQUOT|no space left/i, 'The disk is full: free some space and try again.'],
    [
      /EACCES|EPERM|EROFS/,
      `This user may not write in ${root}. Start it once as the user who owns it, or use a copy of your own.`,
    ],
    [/ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|EAI_AGAIN/, 'The npm registry could not be reached.'],
  ];
  const hint = hints.find(([pattern]) => pattern.test(output))?.[1];
  return [output.trim(), hint].filter(Boolean).join('\n\n');
}

/**
 * Runs a script to its end, and turns what it throws into a message and an exit status.
 * @param {() => Promise<void>} main
 */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (error instanceof ScriptError) console.error(`\n${error.message}`);
    else if (error.code === 'ENOSPC') console.error(`\n${explain('ENOSPC')}`);
    else if (['EACCES', 'EPERM', 'EROFS'].includes(error.code))
      console.error(`\n${error.message}\n${explain('EACCES')}`);
    else console.error(error);
    process.exit(1);
  }
}
