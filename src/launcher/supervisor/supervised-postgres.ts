import { setTimeout as sleep } from 'node:timers/promises';
import { databaseFile, embeddedDatabaseUrl } from '../../common/database/database-url.js';
import { EmbeddedPostgres } from '../postgres/embedded-postgres.js';
import { messageOf } from '../start-error.js';
import { writeDurably } from '../state/durable-file.js';
import type { StateFolder } from '../state/state-folder.js';
import { deathsInARow, restartDelayMs } from './backoff.rules.js';
import { rotateLog } from './log-file.js';

/** Connections of the embedded PostgreSQL: each costs it little, and both processes have pools of their own. */
const MAX_CONNECTIONS = 200;

/** The embedded PostgreSQL of an installation, started again whenever it dies. */
export class SupervisedPostgres {
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  private constructor(
    private readonly postgres: EmbeddedPostgres,
    private readonly tell: (line: string) => void,
  ) {}

  static async start(
    state: StateFolder,
    tell: (line: string) => void,
    until: AbortSignal,
  ): Promise<SupervisedPostgres> {
    const log = state.file('logs', 'postgres.log');
    rotateLog(log);
    const lastUrl = await embeddedDatabaseUrl(state.path);
    const preferredPort = lastUrl === undefined ? undefined : Number(new URL(lastUrl).port);
    const postgres = await EmbeddedPostgres.start({
      home: state.path,
      log,
      maxConnections: MAX_CONNECTIONS,
      preferredPort,
      until,
    });
    if (postgres.url !== lastUrl)
      await writeDurably(databaseFile(state.path), `${JSON.stringify({ url: postgres.url })}\n`);
    const supervised = new SupervisedPostgres(postgres, tell);
    supervised.loop = supervised.keepRunning();
    return supervised;
  }

  get url(): string {
    return this.postgres.url;
  }

  /** Whether this start made the database. */
  get created(): boolean {
    return this.postgres.created;
  }

  async stop(patienceMs: number): Promise<void> {
    this.stopping.abort();
    await this.postgres.stop(patienceMs);
    await this.loop;
    // Ends a server that was being started again at this very moment.
    await this.postgres.stop(patienceMs);
  }

  private async keepRunning(): Promise<void> {
    let deaths = 0;
    let startedAt = Date.now();
    let how = `died (${await this.postgres.ended()})`;
    while (!this.stopping.signal.aborted) {
      deaths = deathsInARow(deaths, Date.now() - startedAt);
      const delay = restartDelayMs(deaths);
      this.tell(`PostgreSQL ${how}; it starts again in ${delay} ms.`);
      await sleep(delay, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return;
      startedAt = Date.now();
      try {
        await this.postgres.restart();
        this.tell('PostgreSQL is back.');
        how = `died (${await this.postgres.ended()})`;
      } catch (error) {
        how = `did not come back (${messageOf(error)})`;
      }
    }
  }
}
