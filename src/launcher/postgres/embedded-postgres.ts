import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort, portProblem } from '../network/free-port.js';
import { StartError } from '../start-error.js';
import { type Cluster, type ClusterOptions, ensureCluster, restorePassword, SUPERUSER } from './cluster.js';
import { databaseAccount } from './database-account.js';
import { databaseFolder } from './database-folder.js';
import { preparePrograms } from './postgres-binaries.js';
import { clearPostmaster } from './running-postmaster.js';
import { PortTakenError, ServerProcess, WrongPasswordError } from './server-process.js';

/** The database that Nestor keeps its tables in. */
const DATABASE_NAME = 'nestor';

/** Attempts to start, each with another port, or on the same port once others may depend on it. */
const START_ATTEMPTS = 10;

export interface EmbeddedPostgresOptions {
  /** State folder; the caller holds its lock. */
  readonly home: string;
  /** File that takes what the server prints. */
  readonly log: string;
  readonly maxConnections: number;
  /** Whether data must outlive a power-off. Default: true. */
  readonly durable?: boolean;
  /** Port to use when it is free, such as that of the last start. */
  readonly preferredPort?: number | undefined;
  /** Gives up waiting for the server when it fires. */
  readonly until?: AbortSignal;
}

/** The embedded PostgreSQL of one state folder: made when absent, started, restarted on the same port, stopped. */
export class EmbeddedPostgres {
  private server: ServerProcess | undefined;

  private constructor(
    private readonly options: EmbeddedPostgresOptions,
    private readonly clusterOptions: ClusterOptions,
    private readonly cluster: Cluster,
    private port: number,
  ) {}

  /**
   * Makes the database when it is absent, and starts it.
   * @throws {StartError} when that cannot be.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const account = await databaseAccount(options.home);
    const folder = await databaseFolder(options.home, account);
    const programs = await preparePrograms(folder, account);
    const clusterOptions = { folder, programs, account, durable: options.durable ?? true };
    const cluster = await ensureCluster(clusterOptions);
    const postgres = new EmbeddedPostgres(options, clusterOptions, cluster, await choosePort(options.preferredPort));
    await postgres.startServer(async () => {
      postgres.port = await freePort();
    });
    return postgres;
  }

  /** Whether this start made the database. */
  get created(): boolean {
    return this.cluster.created;
  }

  /** Connection URL of Nestor's database, password included. */
  get url(): string {
    return this.urlOf(DATABASE_NAME);
  }

  /** Resolves with how the running server ended, in words; at once when there is none. */
  async ended(): Promise<string> {
    return this.server === undefined ? 'it was stopped' : this.server.ended;
  }

  /** Starts the server again after it ended, on the same port: other processes hold its URL. */
  async restart(): Promise<void> {
    await this.startServer(() => sleep(500));
  }

  async stop(patienceMs: number): Promise<void> {
    await this.server?.stop(patienceMs);
    this.server = undefined;
  }

  private urlOf(database: string): string {
    return `postgresql://${SUPERUSER}:${this.cluster.password}@127.0.0.1:${this.port}/${database}`;
  }

  private async startServer(onPortTaken: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.attemptStart();
        return;
      } catch (error) {
        await this.stop(5_000);
        if (error instanceof WrongPasswordError && attempt === 1) {
          await restorePassword(this.clusterOptions, this.cluster);
        } else if (error instanceof PortTakenError && attempt < START_ATTEMPTS) {
          await onPortTaken();
        } else {
          throw explain(error, this.port);
        }
      }
    }
  }

  private async attemptStart(): Promise<void> {
    await clearPostmaster(this.cluster.dataFolder);
    const { log, maxConnections } = this.options;
    const { port } = this;
    const { dataFolder } = this.cluster;
    this.server = await ServerProcess.spawn({ ...this.clusterOptions, dataFolder, port, log, maxConnections });
    await this.server.answers(this.urlOf('postgres'), this.options.until);
    await ensureDatabase(this.urlOf('postgres'));
  }
}

async function choosePort(preferred: number | undefined): Promise<number> {
  if (preferred !== undefined && (await portProblem(preferred)) === undefined) return preferred;
  return freePort();
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE_NAME]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_NAME}`);
  } finally {
    await client.end();
  }
}

function explain(error: unknown, port: number): unknown {
  if (error instanceof PortTakenError) {
    return new StartError(`Port ${port}, on which the embedded PostgreSQL ran, was taken by another program.`, {
      cause: error,
    });
  }
  if (error instanceof WrongPasswordError) {
    return new StartError(`The embedded PostgreSQL on port ${port} does not take its password.`, { cause: error });
  }
  return error;
}
