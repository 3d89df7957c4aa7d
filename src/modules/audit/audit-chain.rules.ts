import { sha256 } from '../../common/crypto/digest.js';
import type { AuditRecord } from './audit-record.rules.js';

/** Where a chain stands: how many events it has and the hash of the last. */
export interface ChainHead {
  /** Sequence of the last event; 0 before the first. */
  readonly sequence: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** A place in the chain of one writer. */
export interface ChainPlace {
  /** UUID of the writer. */
  readonly writerId: string;
  /** 1, 2, 3… within the writer's chain, without gaps. */
  readonly sequence: number;
  /** Hash of the event before, in hexadecimal; zeros for the first. */
  readonly previousHash: string;
}

/** One event in its place. */
export interface ChainedEvent extends AuditRecord, ChainPlace {
  /** {@link eventHash} of this event, in hexadecimal. */
  readonly hash: string;
}

/** Head of a chain that has no event yet. */
export const emptyChain: ChainHead = { sequence: 0, hash: '0'.repeat(64) };

/**
 * What is hashed: the JSON of all fields but the hash, in this fixed order. JSON keeps null, numbers and texts apart
 * and quotes within texts, so two different events never have the same form. `detail` is the text it is stored as.
 */
export function canonicalForm(place: ChainPlace, event: AuditRecord): string {
  return JSON.stringify({
    previousHash: place.previousHash,
    writerId: place.writerId,
    sequence: place.sequence,
    id: event.id,
    occurredAt: event.occurredAt,
    workspaceId: event.workspaceId,
    actorKind: event.actorKind,
    actorId: event.actorId,
    actorName: event.actorName,
    action: event.action,
    resourceType: event.resourceType,
    resourceId: event.resourceId,
    outcome: event.outcome,
    errorCode: event.errorCode,
    address: event.address,
    requestId: event.requestId,
    detail: event.detail,
  });
}

/** SHA-256 of the canonical form in UTF-8, in hexadecimal. */
export const eventHash = (place: ChainPlace, event: AuditRecord): string => sha256(canonicalForm(place, event));

/**
 * Puts records behind the head of a writer's chain, in order.
 * @returns the head behind them, and the JSON array of the {@link ChainedEvent}s.
 */
export function chainOnto(
  head: ChainHead,
  writerId: string,
  records: readonly AuditRecord[],
): { head: ChainHead; eventsJson: string } {
  let { sequence, hash } = head;
  const events = records.map((record) => {
    sequence += 1;
    const form = canonicalForm({ writerId, sequence, previousHash: hash }, record);
    hash = sha256(form);
    // The form is what is stored as well: an event is turned into JSON once.
    return `${form.slice(0, -1)},"hash":"${hash}"}`;
  });
  return { head: { sequence, hash }, eventsJson: `[${events.join(',')}]` };
}
