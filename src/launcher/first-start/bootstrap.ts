import { spawn } from 'node:child_process';
import { z } from 'zod';
import { messageOf, StartError } from '../start-error.js';
import type { ProcessRegister } from '../state/process-register.js';
import type { LogFile } from '../supervisor/log-file.js';
import { killGroup } from '../supervisor/process-group.js';

const bootstrapResult = z.object({
  workspace: z.string(),
  email: z.string(),
  /** Null when the administrator was there already. */
  password: z.string().nullable(),
  apiKey: z.string().nullable(),
  models: z.array(z.object({ name: z.string(), version: z.number() })),
});

/** What `bootstrap.main.js` made or found. */
export type BootstrapResult = z.infer<typeof bootstrapResult>;

export interface BootstrapOptions {
  /** Compiled entry file. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: LogFile;
  readonly register: ProcessRegister;
  /** Ends the program when it fires. */
  readonly until: AbortSignal;
  /** Whether the administrator gets a new password and API key. */
  readonly resetAdminPassword: boolean;
}

/**
 * Makes the first workspace, administrator, API key and example models, as far as they are not there. In a process of
 * its own, so that Nest stays out of the launcher.
 * @throws {StartError} with the end of what the program printed.
 */
export async function bootstrap(options: BootstrapOptions): Promise<BootstrapResult> {
  const lines = await run(options);
  try {
    return bootstrapResult.parse(JSON.parse(lines.at(-1) ?? ''));
  } catch (error) {
    throw new StartError(`The first workspace could not be set up: ${options.script} did not say what it made.`, {
      cause: error,
    });
  }
}

/** @returns the lines of its standard output. The last one holds secrets and goes to no log. */
async function run(options: BootstrapOptions): Promise<string[]> {
  const { script, environment, log, register, until, resetAdminPassword } = options;
  until.throwIfAborted();
  const parameters = ['--enable-source-maps', script, ...(resetAdminPassword ? ['--reset-admin-password'] : [])];
  const child = spawn(process.execPath, parameters, {
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
  });
  const end = () => killGroup(child);
  until.addEventListener('abort', end);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => log.append(chunk.toString()));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('close', (status, signal) =>
      resolve(status === 0 ? undefined : signal === null ? `exit status ${status}` : `signal ${signal}`),
    );
  });
  if (child.pid !== undefined) await register.add('bootstrap', child.pid);
  const how = await ended;
  await register.remove('bootstrap');
  until.removeEventListener('abort', end);
  until.throwIfAborted();
  const lines = output.trimEnd().split('\n');
  const logged = how === undefined ? lines.slice(0, -1) : lines;
  if (logged.length > 0) log.append(`${logged.join('\n')}\n`);
  if (how === undefined) return lines;
  throw new StartError(
    `The first workspace could not be set up (${how}). The end of its log ${log.path}:\n${log.tail(12)}`,
  );
}
