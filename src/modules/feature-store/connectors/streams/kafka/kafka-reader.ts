import { Injectable } from '@nestjs/common';
import type { JsonObject } from '../../../../../common/json/json-object.js';
import { OutboundHosts } from '../../../../../common/outbound/outbound-hosts.js';
import type { KafkaConnection } from '../../../sources/connections/stream-connection.js';
import type { StreamAccess, StreamBatch, StreamEntry, StreamLimits, StreamReader } from '../stream-reader.js';
import { cursorOf, offsetsOf, type PartitionSpan, unreadOf } from './kafka-offsets.rules.js';
import { takeRecords } from './kafka-records.rules.js';
import { KafkaSession } from './kafka-session.js';
import { entryOf } from './kafka-values.rules.js';

type KafkaAccess = StreamAccess<KafkaConnection>;

/** Longest that one micro-batch is read, in milliseconds. What is there then is taken. */
const READ_MS = 30_000;

/** Least and most bytes that are asked of a partition at a time; a broker answers at least one batch of records. */
const LEAST_BYTES = 64 * 1024;
const MOST_BYTES = 1024 * 1024;

/**
 * Reads topics of Kafka from the offsets of the cursor that is kept with the rows. No group is joined and no offset is
 * committed, so that Kafka knows nothing of who reads, and needs no right but to read the topic.
 */
@Injectable()
export class KafkaReader implements StreamReader<KafkaConnection> {
  constructor(private readonly hosts: OutboundHosts) {}

  async read(access: KafkaAccess, after: JsonObject | null, limits: StreamLimits): Promise<StreamBatch> {
    return KafkaSession.use(this.hosts, access, async (session) => {
      const offsets = new Map(offsetsOf(after));
      const entries: StreamEntry[] = [];
      let bytes = 0;
      const isFull = (): boolean => entries.length >= limits.entries || bytes >= limits.bytes;
      const until = Date.now() + READ_MS;
      let open = unreadOf(access.connection.topic, await session.bounds(), offsets);
      while (open.length > 0 && !isFull() && Date.now() < until) {
        // Each partition has a part of what a batch may hold, so that none waits for ever for others that are busy.
        const share = Math.ceil((limits.entries - entries.length) / open.length);
        const size = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, Math.ceil((limits.bytes - bytes) / open.length)));
        const left: PartitionSpan[] = [];
        for (const span of open) {
          if (isFull()) break;
          const fetched = await session.fetch(span, size);
          if (fetched === undefined) continue;
          const records = Math.min(share, limits.entries - entries.length);
          const taken = takeRecords(fetched, span.next, { records, bytes: limits.bytes - bytes });
          entries.push(...taken.values.map((value) => entryOf(value, access.jsonColumns)));
          bytes += taken.bytes;
          // Where nothing came although there should be something, it is looked for the next time.
          if (taken.next === span.next) continue;
          offsets.set(span.partition, taken.next);
          if (taken.next < span.end) left.push({ ...span, next: taken.next });
        }
        open = left;
      }
      return { entries, cursor: cursorOf(offsets) };
    });
  }

  async hasMore(access: KafkaAccess, after: JsonObject | null): Promise<boolean> {
    const bounds = await KafkaSession.use(this.hosts, access, (session) => session.bounds());
    return unreadOf(access.connection.topic, bounds, offsetsOf(after)).length > 0;
  }

  /** Kafka keeps its records for a time, whoever read them. */
  async acknowledge(): Promise<void> {
    await Promise.resolve();
  }
}
