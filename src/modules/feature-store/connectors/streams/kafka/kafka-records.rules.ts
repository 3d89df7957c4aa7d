import { type fetchV12, IS_CONTROL, IS_TRANSACTIONAL, type RecordsBatch } from '@platformatic/kafka';

/** What one answer brought of a partition. */
export type FetchedPartition = Awaited<
  ReturnType<typeof fetchV12.api.async>
>['responses'][number]['partitions'][number];

/** How much may be taken. The last record may go beyond the bytes. */
export interface Room {
  readonly records: number;
  readonly bytes: number;
}

export interface TakenRecords {
  /** Null where a record has no value. */
  readonly values: readonly (Buffer | null)[];
  readonly bytes: number;
  /** The offset that is read next. */
  readonly next: bigint;
}

/**
 * The values from an offset on, as far as there is room. A broker answers whole batches, with records before the offset, and
 * with those of transactions that were aborted, and says which.
 */
export function takeRecords(fetched: FetchedPartition, from: bigint, room: Room): TakenRecords {
  const isAborted = abortedIn(fetched);
  const values: (Buffer | null)[] = [];
  let bytes = 0;
  let next = from;
  for (const batch of fetched.records ?? []) {
    if (!isAborted(batch)) {
      for (const { offsetDelta, value } of batch.records) {
        const offset = batch.firstOffset + BigInt(offsetDelta);
        if (offset < next) continue;
        if (values.length >= room.records || bytes >= room.bytes) return { values, bytes, next: offset };
        values.push(value);
        bytes += value?.length ?? 0;
        next = offset + 1n;
      }
    }
    const after = lastOffset(batch) + 1n;
    if (after > next) next = after;
  }
  return { values, bytes, next };
}

/** Tells of batch after batch, in their order, whether its records do not count: those of aborted transactions, and their ends. */
function abortedIn({ abortedTransactions }: FetchedPartition): (batch: RecordsBatch) => boolean {
  const waiting = abortedTransactions.toSorted((one, other) => (one.firstOffset < other.firstOffset ? -1 : 1));
  const aborted = new Set<bigint>();
  return (batch) => {
    for (let [begun] = waiting; begun !== undefined && begun.firstOffset <= lastOffset(batch); [begun] = waiting) {
      aborted.add(begun.producerId);
      waiting.shift();
    }
    if ((batch.attributes & IS_CONTROL) !== 0) {
      if (isAbort(batch)) aborted.delete(batch.producerId);
      return true;
    }
    return (batch.attributes & IS_TRANSACTIONAL) !== 0 && aborted.has(batch.producerId);
  };
}

const lastOffset = ({ firstOffset, lastOffsetDelta }: RecordsBatch): bigint => firstOffset + BigInt(lastOffsetDelta);

/** The key of a control record has its version and its kind, each of 16 bits; 0 is an abort. */
const isAbort = ({ records: [record] }: RecordsBatch): boolean =>
  record?.key != null && record.key.length >= 4 && record.key.readInt16BE(2) === 0;
