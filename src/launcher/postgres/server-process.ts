import type { ChildProcess } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { messageOf, StartError, systemErrorCode } from '../start-error.js';
import { spawnAs } from './account-command.js';
import type { DatabaseAccount } from './database-account.js';
import type { PostgresPrograms } from './postgres-binaries.js';
import { serverArguments } from './server-arguments.rules.js';

/** How long a server that is not replaying its log may take until it answers, in milliseconds. */
const SILENCE_LIMIT_MS = 60_000;

export interface ServerOptions {
  readonly programs: PostgresPrograms;
  readonly account: DatabaseAccount | undefined;
  readonly dataFolder: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly durable: boolean;
  /** File that takes what the server prints. */
  readonly log: string;
}

/** The role's password is not the one that was given (SQLSTATE 28P01). */
export class WrongPasswordError extends Error {}

/** Somebody else listens on the server's port. */
export class PortTakenError extends Error {}

/** One run of the PostgreSQL server, from its start to its end. */
export class ServerProcess {
  /** Resolves with how the server ended, in words. Never rejects. */
  readonly ended: Promise<string>;
  private endedAs: string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: ServerOptions,
    private readonly logStart: number,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(messageOf(error)));
      child.once('exit', (status, signal) => resolve(signal === null ? `exit status ${status}` : `signal ${signal}`));
    });
    void this.ended.then((how) => {
      this.endedAs = how;
    });
  }

  static async spawn(options: ServerOptions): Promise<ServerProcess> {
    const log = await open(options.log, 'a', 0o600);
    try {
      const logStart = (await stat(options.log)).size;
      const child = await spawnAs(
        {
          program: options.programs.postgres,
          args: serverArguments(options),
          account: options.account,
          onParentDeath: 'INT',
        },
        // A process group of its own: Ctrl-C at the terminal is for the launcher, which stops the database last.
        { stdio: ['ignore', log.fd, log.fd], detached: process.platform !== 'win32' },
      );
      return new ServerProcess(child, options, logStart);
    } finally {
      await log.close();
    }
  }

  /**
   * Waits until the server answers `select 1`, for as long as it takes to replay its log after a crash.
   * @throws {WrongPasswordError | PortTakenError | StartError} the last with what the server printed.
   */
  async answers(url: string, until?: AbortSignal): Promise<void> {
    let silentSince = Date.now();
    for (;;) {
      if (this.endedAs !== undefined) throw await this.failure(this.endedAs);
      until?.throwIfAborted();
      const problem = await selectOne(url);
      if (problem === undefined) return;
      if (problem === '28P01') throw new WrongPasswordError('the password of the database does not fit');
      // 57P03 cannot_connect_now: it is starting up or replaying its log.
      if (problem === '57P03') silentSince = Date.now();
      if (Date.now() - silentSince > SILENCE_LIMIT_MS) throw await this.failure(`no answer (${problem})`);
      await sleep(25);
    }
  }

  /** Shuts the server down in order; by force when that takes longer than `patienceMs`. */
  async stop(patienceMs: number): Promise<void> {
    for (const [signal, patience] of [
      ['SIGINT', patienceMs],
      ['SIGQUIT', 5_000],
      ['SIGKILL', 5_000],
    ] as const) {
      if (this.endedAs !== undefined) return;
      // Windows knows no signals: there this ends the server at once, and it replays its log at the next start.
      this.child.kill(signal);
      const waiting = new AbortController();
      const late = sleep(patience, undefined, { signal: waiting.signal }).catch(() => undefined);
      await Promise.race([this.ended, late]);
      waiting.abort();
    }
  }

  private async failure(how: string): Promise<Error> {
    const printed = (await readFile(this.options.log)).subarray(this.logStart).toString().trim();
    if (/could not bind|Address already in use/i.test(printed)) return new PortTakenError(printed);
    const last = printed.split('\n').slice(-12).join('\n');
    const diskFull = /No space left on device/i.test(printed)
      ? ' The disk is full: free some space and start again.'
      : '';
    return new StartError(`PostgreSQL did not start (${how}).${diskFull} Its log is ${this.options.log}:\n${last}`);
  }
}

/** @returns undefined when it answered, else the code or message of what went wrong. */
async function selectOne(url: string): Promise<string | undefined> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that is lost between two steps must not end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return undefined;
  } catch (error) {
    return systemErrorCode(error) ?? messageOf(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
