import { CodedError } from '../../../../../common/errors/coded-error.js';
import type { JsonObject } from '../../../../../common/json/json-object.js';

/** The offset that is read next of each partition. */
export type Offsets = ReadonlyMap<number, bigint>;

/** What a partition holds: from its first offset to the one that comes after the last that may be read. */
export interface PartitionBounds {
  readonly partition: number;
  /** Id of the broker that is to be asked. */
  readonly leader: number;
  readonly first: bigint;
  readonly end: bigint;
}

/** What is to be read of a partition. */
export interface PartitionSpan {
  readonly partition: number;
  readonly leader: number;
  readonly next: bigint;
  readonly end: bigint;
}

/** Offsets have 64 bits, so they are kept as texts. */
export function offsetsOf(cursor: JsonObject | null): Offsets {
  const offsets = cursor?.['offsets'] ?? {};
  return new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), BigInt(String(offset))]));
}

/** Null where nothing was read so far. */
export function cursorOf(offsets: Offsets): JsonObject | null {
  if (offsets.size === 0) return null;
  const sorted = [...offsets].toSorted(([one], [other]) => one - other);
  return { offsets: Object.fromEntries(sorted.map(([partition, offset]) => [String(partition), String(offset)])) };
}

/**
 * What of a topic is new. A partition that came since is read from its beginning, and one that forgot what was not read yet
 * from what it still has. @throws {CodedError} SOURCE_FAILED where a partition ends before what was read of it.
 */
export function unreadOf(topic: string, bounds: readonly PartitionBounds[], offsets: Offsets): PartitionSpan[] {
  const spans = bounds.map(({ partition, leader, first, end }) => {
    const next = offsets.get(partition) ?? first;
    if (next > end) {
      throw new CodedError(
        'SOURCE_FAILED',
        `Partition ${partition} of ${topic} ends at ${end}, but was read up to ${next}: it was cut off, or the topic was made anew. Create another data source for the new topic.`,
      );
    }
    return { partition, leader, next: next > first ? next : first, end };
  });
  return spans.filter(({ next, end }) => next < end);
}
