import { type ChildProcess, execFile, spawn, type SpawnOptions } from 'node:child_process';
import { promisify } from 'node:util';
import type { DatabaseAccount } from './database-account.js';

const run = promisify(execFile);

/** A program to run as the database's account, and what becomes of it when the launcher dies. */
export interface AccountCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly account: DatabaseAccount | undefined;
  /** Signal that the kernel sends to the program when the launcher dies, also by kill -9 (Linux only). */
  readonly onParentDeath: 'INT' | 'KILL';
}

/** Nothing of the launcher's environment reaches the database: its settings and locale come from arguments alone. */
const CLEAN_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Spawns a program under the database's account. The process id is that of the program itself. */
export async function spawnAs(command: AccountCommand, options: SpawnOptions): Promise<ChildProcess> {
  // Windows programs do not start without the system's variables: there, undefined means that they inherit.
  const env = process.platform === 'win32' ? undefined : CLEAN_ENVIRONMENT;
  const { program, args, account } = command;
  if (await hasSetpriv()) {
    const identity = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : [];
    const wrapped = [...identity, '--pdeathsig', command.onParentDeath, '--', program, ...args];
    return spawn('setpriv', wrapped, { cwd: '/', ...options, env });
  }
  return spawn(program, [...args], { ...options, ...account, env });
}

/** @returns how the program ended, with all that it printed. */
export async function runAs(command: AccountCommand, input = ''): Promise<{ succeeded: boolean; output: string }> {
  const child = await spawnAs(command, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  // A program that ends without reading its input is told apart by its exit status, not by EPIPE.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ succeeded: false, output: `${output}${error.message}` }));
    child.once('close', (status) => resolve({ succeeded: status === 0, output: output.trim() }));
  });
}

let setpriv: Promise<boolean> | undefined;

/** `setpriv` of util-linux, which every mainstream Linux has; without it orphans are found at the next start instead. */
async function hasSetpriv(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  setpriv ??= run('setpriv', ['--pdeathsig', 'keep', 'true']).then(
    () => true,
    () => false,
  );
  return setpriv;
}
