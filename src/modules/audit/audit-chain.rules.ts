import { sha256 } from '../../common/crypto/digest.js';
import type { AuditRecord } from './audit-record.rules.js';

/** Where a chain stands: how many events it has and the hash of the last. */
export interface ChainHead {
  /** Sequence of the last event; 0 before the first. */
  readonly sequence: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** One event in its place in the chain of one writer. */
export interface ChainedEvent extends AuditRecord {
  /** UUID of the writer. */
  readonly writerId: string;
  /** 1, 2, 3… within the writer's chain, without gaps. */
  readonly sequence: number;
  /** Hash of the event before, in hexadecimal; zeros for the first. */
  readonly previousHash: string;
  /** {@link eventHash} of this event, in hexadecimal. */
  readonly hash: string;
}

/** Head of a chain that has no event yet. */
export const emptyChain: ChainHead = { sequence: 0, hash: '0'.repeat(64) };

/**
 * What is hashed: the JSON array of all fields in this fixed order. JSON keeps null, numbers and texts apart and
 * quotes within texts, so two different events never have the same form. `detail` goes in as the text it is stored as.
 */
export function canonicalForm(event: Omit<ChainedEvent, 'hash'>): string {
  return JSON.stringify([
    event.previousHash,
    event.writerId,
    event.sequence,
    event.id,
    event.occurredAt,
    event.workspaceId,
    event.actorKind,
    event.actorId,
    event.actorName,
    event.action,
    event.resourceType,
    event.resourceId,
    event.outcome,
    event.errorCode,
    event.address,
    event.requestId,
    event.detail,
  ]);
}

/** SHA-256 of the canonical form in UTF-8, in hexadecimal. */
export const eventHash = (event: Omit<ChainedEvent, 'hash'>): string => sha256(canonicalForm(event));

/** Puts records behind the head of a writer's chain, in order. */
export function chainOnto(head: ChainHead, writerId: string, records: readonly AuditRecord[]): ChainedEvent[] {
  let { sequence, hash: previousHash } = head;
  return records.map((record) => {
    sequence += 1;
    const place = { ...record, writerId, sequence, previousHash };
    previousHash = eventHash(place);
    return { ...place, hash: previousHash };
  });
}
