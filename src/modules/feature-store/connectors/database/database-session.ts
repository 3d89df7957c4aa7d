import { Socket } from 'node:net';
import pg, { type CustomTypesConfig } from 'pg';
import Cursor from 'pg-cursor';
import { onAbort } from '../../../../common/concurrency/on-abort.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { HostAddress } from '../../../../common/outbound/outbound-hosts.js';
import type { DatabaseConnection } from '../../sources/connections/database-connection.js';
import type { ResultColumn } from './database-query.rules.js';
import { databaseFault } from './database-fault.js';

/** Longest that connecting to one address may take, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How often a server looks whether its client is still there while it works, where it can. */
const CLIENT_CHECK = '5s';

/** Rows of the first read, and most rows of any. */
const FIRST_ROWS = 64;
const MAX_ROWS = 2_000;
/** Text that one read should bring, in UTF-16 code units. */
const READ_LENGTH = 4 * 1024 * 1024;

/** A row as the database writes it, by the order of the columns. */
export type TextRow = readonly (string | null)[];

export interface DatabaseAccess {
  readonly connection: DatabaseConnection;
  /** Where the host may be connected to. */
  readonly addresses: readonly HostAddress[];
  readonly password: string | null;
  /** Longest that the session may last, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const asText: CustomTypesConfig = { getTypeParser: () => (text: string) => text };

/**
 * A transaction of a PostgreSQL in which nothing can be written, and all statements see the same moment. Every statement
 * goes by the extended protocol, which takes one at a time. Its errors are coded.
 */
export class DatabaseSession {
  private constructor(
    private readonly client: pg.Client,
    private readonly access: DatabaseAccess,
  ) {}

  /** @throws {CodedError} SERVICE_UNAVAILABLE, SOURCE_FAILED, DEADLINE_EXCEEDED, CANCELLED; and what the work throws. */
  static async use<Result>(
    access: DatabaseAccess,
    work: (session: DatabaseSession) => Promise<Result>,
  ): Promise<Result> {
    let socket = new Socket();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      socket.destroy();
    }, access.timeoutMs);
    const forget = access.signal && onAbort(access.signal, () => socket.destroy());
    try {
      const client = await connected(
        access,
        () => (socket = new Socket()),
        () => isLate,
      );
      const session = new DatabaseSession(client, access);
      await session.begin();
      const result = await work(session);
      await client.end();
      return result;
    } catch (error) {
      if (access.signal?.aborted === true) throw new CodedError('CANCELLED', 'The work was cancelled.');
      if (isLate) {
        throw new CodedError('DEADLINE_EXCEEDED', `The database was not read within ${access.timeoutMs} ms.`, {
          cause: error,
        });
      }
      throw databaseFault(error, access.connection.host);
    } finally {
      clearTimeout(timer);
      forget?.();
      socket.destroy();
    }
  }

  /** The columns of a statement that has no rows. */
  async columns(sql: string): Promise<ResultColumn[]> {
    const cursor = this.client.query(new Cursor(sql, [], { rowMode: 'array', types: asText }));
    return new Promise((resolve, reject) => {
      cursor.read(1, (error, _rows, result) => {
        if (error instanceof Error) reject(databaseFault(error, this.access.connection.host));
        else resolve(result.fields.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID })));
      });
    });
  }

  /** The rows of a statement, some at a time: as many as go into a few megabytes. */
  async *rows(sql: string, parameters: readonly string[] = []): AsyncGenerator<TextRow[]> {
    const cursor = this.client.query(new Cursor<TextRow>(sql, [...parameters], { rowMode: 'array', types: asText }));
    let size = FIRST_ROWS;
    for (;;) {
      const rows = await cursor.read(size).catch((error: unknown) => {
        throw databaseFault(error, this.access.connection.host);
      });
      if (rows.length === 0) return;
      yield rows;
      const longest = rows.reduce((most, row) => Math.max(most, lengthOf(row)), 1);
      size = Math.max(1, Math.min(MAX_ROWS, size * 4, Math.floor(READ_LENGTH / longest)));
    }
  }

  /** The first row of a statement that has few. */
  async first(sql: string, parameters: readonly string[] = []): Promise<TextRow> {
    const all: TextRow[] = [];
    for await (const rows of this.rows(sql, parameters)) all.push(...rows);
    return all[0] ?? [];
  }

  private async begin(): Promise<void> {
    await this.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await this.first(
      `SELECT set_config('statement_timeout', $1, true), set_config('TimeZone', 'UTC', true),
         set_config('DateStyle', 'ISO', true), set_config('IntervalStyle', 'iso_8601', true),
         (SELECT set_config(name, $2, true) FROM pg_settings WHERE name = 'client_connection_check_interval')`,
      [String(this.access.timeoutMs), CLIENT_CHECK],
    );
  }
}

/** Tries the addresses of the host one after the other. */
async function connected(access: DatabaseAccess, newSocket: () => Socket, isOver: () => boolean): Promise<pg.Client> {
  const { connection, addresses, password } = access;
  let failure: unknown;
  for (const { address } of addresses) {
    const client = new pg.Client({
      host: address,
      port: connection.port,
      database: connection.database,
      user: connection.user,
      // A function, since without a password the driver would look for one in the environment of this process.
      password: () => password ?? '',
      ssl: tlsOf(connection),
      stream: newSocket,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'nestor',
      keepAlive: true,
    });
    // What happens to the connection is told by whoever uses it at that moment, too.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      failure = error;
      if (error instanceof pg.DatabaseError || access.signal?.aborted === true || isOver()) break;
    }
  }
  throw failure;
}

function tlsOf({ tls, host, certificateAuthority }: DatabaseConnection): pg.ClientConfig['ssl'] {
  if (tls === 'DISABLE') return false;
  return {
    servername: host,
    host,
    rejectUnauthorized: tls === 'VERIFY_FULL',
    ...(certificateAuthority !== null && { ca: certificateAuthority }),
  };
}

const lengthOf = (row: TextRow): number => row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
