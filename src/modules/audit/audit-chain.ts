import { randomUUID } from 'node:crypto';
import { chainOnto, type ChainHead, emptyChain } from './audit-chain.rules.js';
import type { AuditRecord } from './audit-record.rules.js';

/** Runs one statement: of a transaction's query runner, or of the pool. */
export interface SqlExecutor {
  query<Rows>(sql: string, parameters: unknown[]): Promise<Rows>;
}

/** The database has another head for this chain than its only writer: somebody else wrote to the tables. */
export class ChainConflictError extends Error {
  constructor(writerId: string) {
    super(`The audit chain of writer ${writerId} was changed by someone else. \`npm run audit:verify\` shows where.`);
    this.name = 'ChainConflictError';
  }
}

/**
 * Moves the writer's head and inserts the events in one statement, and only when the head is where this writer left
 * it. So the same statement may be sent again when its outcome is not known: it takes effect once.
 */
const appendStatement = `
  WITH head AS (
    INSERT INTO audit_writers AS writer (writer_id, process, started_at, head_sequence, head_hash)
    VALUES ($1, $2, now(), $3, decode($4, 'hex'))
    ON CONFLICT (writer_id) DO UPDATE SET head_sequence = excluded.head_sequence, head_hash = excluded.head_hash
      WHERE writer.head_sequence = $5 AND writer.head_hash = decode($6, 'hex')
    RETURNING writer_id
  ), appended AS (
    INSERT INTO audit_events (
      writer_id, sequence, id, occurred_at, workspace_id, actor_kind, actor_id, actor_name, action, resource_type,
      resource_id, outcome, error_code, address, request_id, detail, previous_hash, hash)
    SELECT head.writer_id, event.sequence, event.id, to_timestamp(event."occurredAt" / 1000.0), event."workspaceId",
      event."actorKind", event."actorId", event."actorName", event.action, event."resourceType", event."resourceId",
      event.outcome, event."errorCode", event.address, event."requestId", event.detail::json,
      decode(event."previousHash", 'hex'), decode(event.hash, 'hex')
    FROM head, json_to_recordset($7::json) AS event (
      sequence bigint, id uuid, "occurredAt" bigint, "workspaceId" uuid, "actorKind" text, "actorId" text,
      "actorName" text, action text, "resourceType" text, "resourceId" text, outcome text, "errorCode" text,
      address text, "requestId" text, detail text, "previousHash" text, hash text)
    RETURNING 1
  )
  SELECT count(*)::int AS appended FROM appended`;

const headStatement = `
  SELECT head_sequence::text AS sequence, encode(head_hash, 'hex') AS hash FROM audit_writers WHERE writer_id = $1`;

/** The chain of one writer. One append at a time; {@link AuditChains} sees to that. */
export class AuditChain {
  readonly writerId = randomUUID();
  private head: ChainHead = emptyChain;

  /** @param processName what the trail calls this process, such as `api host-1 4711`. */
  constructor(private readonly processName: string) {}

  /**
   * Writes the records behind the head. The head moves only by {@link advance}: once the transaction is committed.
   * @returns the head as it is then.
   * @throws {ChainConflictError} when someone else changed the chain; it must not be used any more.
   */
  async append(database: SqlExecutor, records: readonly AuditRecord[]): Promise<ChainHead> {
    const { head: next, eventsJson } = chainOnto(this.head, this.writerId, records);
    const [result] = await database.query<{ appended: number }[]>(appendStatement, [
      this.writerId,
      this.processName,
      next.sequence,
      next.hash,
      this.head.sequence,
      this.head.hash,
      eventsJson,
    ]);
    if (result?.appended === records.length) return next;
    // Nothing was written. An earlier attempt with the same events may have been, without our being told.
    const [stored] = await database.query<{ sequence: string; hash: string }[]>(headStatement, [this.writerId]);
    if (stored?.hash === next.hash && stored.sequence === String(next.sequence)) return next;
    throw new ChainConflictError(this.writerId);
  }

  advance(head: ChainHead): void {
    this.head = head;
  }
}
