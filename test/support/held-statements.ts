import { Client } from 'pg';
import { until } from './launcher/homes.js';

/** Key of the advisory lock that held statements wait for: any constant that Nestor itself does not use. */
const LOCK = 6_370_716;

const FUNCTION = `CREATE FUNCTION wait_until_released() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_advisory_xact_lock_shared(${LOCK}); RETURN NEW; END $$`;

export interface HeldStatement {
  readonly table: string;
  readonly event: 'INSERT' | 'UPDATE';
  /** SQL of `NEW` and `OLD`. */
  readonly when: string;
  /** Whether it is the commit that waits. Default: the statement itself, which changed nothing yet. */
  readonly atCommit?: boolean;
}

/**
 * Holds statements of a running Nestor, so that its processes are killed at a moment that is known. A statement whose
 * process is gone goes on when it is released, as one does that had reached the database; its transaction comes to nothing
 * unless it was being committed.
 */
export class HeldStatements {
  private triggers = 0;

  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<HeldStatements> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(FUNCTION);
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    return new HeldStatements(client);
  }

  async hold({ table, event, when, atCommit = false }: HeldStatement): Promise<void> {
    this.triggers += 1;
    const name = `held_${this.triggers}`;
    const timed = atCommit
      ? `CREATE CONSTRAINT TRIGGER ${name} AFTER ${event} ON ${table} DEFERRABLE INITIALLY DEFERRED`
      : `CREATE TRIGGER ${name} BEFORE ${event} ON ${table}`;
    await this.client.query(`${timed} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION wait_until_released()`);
  }

  /** Waits until so many statements are held. */
  async reached(count: number): Promise<void> {
    await until(
      async () => (await this.count()) === count,
      async () => `${await this.count()} of ${count} are held`,
    );
  }

  /** Lets all go on, and holds none any more. */
  async release(): Promise<void> {
    await this.client.query('SELECT pg_advisory_unlock_all()');
    await this.client.query('DROP FUNCTION wait_until_released CASCADE');
    await this.client.end();
  }

  private async count(): Promise<number> {
    const { rows } = await this.client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted`,
      [LOCK],
    );
    return rows[0]?.count ?? 0;
  }
}
