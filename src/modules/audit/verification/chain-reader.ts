import type { DataSource, QueryRunner } from 'typeorm';
import type { ChainedEvent, ChainHead } from '../audit-chain.rules.js';

/** Rows read at once. */
const PAGE_SIZE = 2_000;

const eventColumns = `
  writer_id AS "writerId", sequence::text AS sequence, id, (extract(epoch FROM occurred_at) * 1000)::text AS "occurredAt",
  workspace_id AS "workspaceId", actor_kind AS "actorKind", actor_id AS "actorId", actor_name AS "actorName", action,
  resource_type AS "resourceType", resource_id AS "resourceId", outcome, error_code AS "errorCode", address,
  request_id AS "requestId", detail::text AS detail, encode(previous_hash, 'hex') AS "previousHash",
  encode(hash, 'hex') AS hash`;

/** A row as it is read: numbers as text, for what someone wrote there need not be a number that JavaScript holds. */
type EventRow = Omit<ChainedEvent, 'sequence' | 'occurredAt'> & { sequence: string; occurredAt: string };

/** The next writer behind the one given, of those that have a head and those that have events; null at the end. */
export async function nextWriter(dataSource: DataSource, after: string | null): Promise<string | null> {
  const bound = after === null ? '' : 'WHERE writer_id > $1';
  const first = (table: string) => `(SELECT writer_id FROM ${table} ${bound} ORDER BY writer_id LIMIT 1)`;
  const [row] = await dataSource.query<{ writer: string | null }[]>(
    `SELECT least(${first('audit_writers')}, ${first('audit_events')}) AS writer`,
    after === null ? [] : [after],
  );
  return row?.writer ?? null;
}

/** Reads one chain with its head as both were at one moment, in bounded memory, while others go on writing. */
export async function readChain(
  dataSource: DataSource,
  writerId: string,
  onHead: (head: ChainHead | null) => void,
  onEvent: (event: ChainedEvent) => void,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction('REPEATABLE READ');
    onHead(await headOf(runner, writerId));
    let page = await pageOf(runner, writerId, null);
    while (page.length > 0) {
      for (const row of page) {
        onEvent({ ...row, sequence: Number(row.sequence), occurredAt: Number(row.occurredAt) });
      }
      page = await pageOf(runner, writerId, page.at(-1)?.sequence ?? null);
    }
  } finally {
    // Nothing was changed; on a connection that was lost there is nothing to end.
    await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}

async function headOf(runner: QueryRunner, writerId: string): Promise<ChainHead | null> {
  const rows: { sequence: string; hash: string }[] = await runner.query(
    `SELECT head_sequence::text AS sequence, encode(head_hash, 'hex') AS hash FROM audit_writers WHERE writer_id = $1`,
    [writerId],
  );
  const [head] = rows;
  return head === undefined ? null : { sequence: Number(head.sequence), hash: head.hash };
}

async function pageOf(runner: QueryRunner, writerId: string, after: string | null): Promise<EventRow[]> {
  const bound = after === null ? '' : 'AND sequence > $2';
  return runner.query(
    `SELECT ${eventColumns} FROM audit_events WHERE writer_id = $1 ${bound} ORDER BY audit_events.sequence LIMIT ${PAGE_SIZE}`,
    after === null ? [writerId] : [writerId, after],
  );
}
