import { type ChainedEvent, type ChainHead, emptyChain, eventHash } from '../audit-chain.rules.js';

/** What is wrong with one place of a chain. */
export type ChainFault = 'EDITED' | 'REMOVED' | 'REORDERED' | 'INSERTED' | 'HEAD_MISMATCH';

export interface ChainProblem {
  readonly fault: ChainFault;
  readonly writerId: string;
  /** Place in the chain: where it is wrong, or the first that is missing. */
  readonly sequence: number;
  /** Id of the row that is there; null where none is. */
  readonly eventId: string | null;
  /** The finding in words. */
  readonly explanation: string;
}

/** How far from its place a moved row is looked for. */
const REORDER_REACH = 200;

interface Predecessor extends ChainHead {
  readonly eventId: string | null;
  /** Whether its hash is that of its fields. */
  readonly sound: boolean;
}

/**
 * Holds one chain against its head. Feed it the rows in the order of their sequence, then {@link finish}.
 *
 * It finds every change that leaves a hash, a link, a gap or the head behind as it should not be. The hashes have no
 * key: who may write all rows and the head can write a whole new tail that fits.
 */
export class ChainVerifier {
  private previous: Predecessor = { ...emptyChain, eventId: null, sound: true };

  /** @param head what the writer's row says; null when there is none. */
  constructor(
    private readonly writerId: string,
    private readonly head: ChainHead | null,
  ) {}

  accept(event: ChainedEvent): ChainProblem[] {
    const sound = event.hash === eventHash(event, event);
    const faults = this.faultsOf(event, sound);
    if (this.isBeyond(event.sequence)) return faults;
    const gap = this.gapBefore(event.sequence);
    this.previous = { sequence: event.sequence, hash: event.hash, eventId: event.id, sound };
    return [...gap, ...faults];
  }

  finish(): ChainProblem[] {
    const { sequence, hash, eventId, sound } = this.previous;
    if (this.head === null) {
      const explanation = 'The chain has events, but its row in audit_writers was removed.';
      return sequence === 0 ? [] : [this.problem('HEAD_MISMATCH', sequence, eventId, explanation)];
    }
    const removed = this.gapBefore(this.head.sequence + 1);
    if (removed.length > 0 || this.head.hash === hash || !sound) return removed;
    const explanation = 'The last event is not the one that the head names: one of them was replaced.';
    return [this.problem('HEAD_MISMATCH', sequence, eventId, explanation)];
  }

  /** A row that no writer can have put there: behind the head, or before the first. */
  private isBeyond(sequence: number): boolean {
    return sequence < 1 || (this.head !== null && sequence > this.head.sequence);
  }

  private gapBefore(sequence: number): ChainProblem[] {
    const first = this.previous.sequence + 1;
    const last = Math.min(sequence - 1, this.head?.sequence ?? Number.POSITIVE_INFINITY);
    if (last < first) return [];
    const what = first === last ? `Event ${first} was removed.` : `Events ${first} to ${last} were removed.`;
    return [this.problem('REMOVED', first, null, what)];
  }

  private faultsOf(event: ChainedEvent, sound: boolean): ChainProblem[] {
    const fault = (kind: ChainFault, explanation: string) => [
      this.problem(kind, event.sequence, event.id, explanation),
    ];
    if (!sound) {
      const origin = originOf(event);
      if (origin !== undefined) return fault('REORDERED', `The event was written as number ${origin}.`);
      return fault('EDITED', 'The event does not fit its hash: a field of it was changed.');
    }
    if (this.isBeyond(event.sequence)) {
      return fault('INSERTED', `The writer's head is at ${this.head?.sequence ?? 0} and never was here.`);
    }
    const follows = event.sequence === this.previous.sequence + 1;
    if (!follows || !this.previous.sound || event.previousHash === this.previous.hash) return [];
    return fault('EDITED', 'The event does not continue the one before it: one of them was replaced.');
  }

  private problem(fault: ChainFault, sequence: number, eventId: string | null, explanation: string): ChainProblem {
    return { fault, writerId: this.writerId, sequence, eventId, explanation };
  }
}

/** The number under which a row that was given another one fits its hash. */
function originOf(event: ChainedEvent): number | undefined {
  const { writerId, previousHash } = event;
  for (let distance = 1; distance <= REORDER_REACH; distance += 1) {
    for (const sequence of [event.sequence - distance, event.sequence + distance]) {
      if (eventHash({ writerId, previousHash, sequence }, event) === event.hash) return sequence;
    }
  }
  return undefined;
}
