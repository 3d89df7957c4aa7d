import { Client } from 'pg';
import { messageOf, StartError } from '../start-error.js';

/** PostgreSQL 14: the oldest release that its makers still maintain, as server_version_num. */
const OLDEST_VERSION = 140_000;

/**
 * Asks a PostgreSQL that is not ours whether it can be used.
 * @throws {StartError} without the password that the URL may hold.
 */
export async function checkDatabase(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const answer = await client.query<{ version: string; number: string; writable: boolean; may: boolean }>(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
              NOT pg_is_in_recovery() AS writable, has_schema_privilege('public', 'CREATE') AS may`,
    );
    const [found] = answer.rows;
    const problem = found === undefined ? 'it gave no answer' : problemWith(found);
    if (problem !== undefined)
      throw new StartError(`The database at ${withoutPassword(databaseUrl)} cannot be used: ${problem}.`);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `The database at ${withoutPassword(databaseUrl)} cannot be reached: ${messageOf(error)}. ` +
        'Check DATABASE_URL and that the server runs; without DATABASE_URL an embedded PostgreSQL is used.',
      { cause: error },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

function problemWith(found: { version: string; number: string; writable: boolean; may: boolean }): string | undefined {
  if (Number(found.number) < OLDEST_VERSION) return `it is PostgreSQL ${found.version}, and Nestor needs 14 or later`;
  if (!found.writable) return 'it is a standby that only reads; name the primary in DATABASE_URL';
  if (!found.may) return 'its user may not make tables (GRANT CREATE ON SCHEMA public)';
  return undefined;
}

export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  return shown.href;
}
