import { isIP } from 'node:net';
import {
  Connection,
  type ConnectionOptions,
  fetchV12,
  ListOffsetTimestamps,
  listOffsetsV5,
  metadataV9,
} from '@platformatic/kafka';
import { CodedError } from '../../../../../common/errors/coded-error.js';
import type { OutboundHosts } from '../../../../../common/outbound/outbound-hosts.js';
import { parseEndpoint } from '../../../../../common/tls/endpoint.js';
import type { KafkaConnection } from '../../../sources/connections/stream-connection.js';
import type { StreamAccess } from '../stream-reader.js';
import { answeredFault, kafkaFault } from './kafka-fault.js';
import type { PartitionBounds, PartitionSpan } from './kafka-offsets.rules.js';
import type { FetchedPartition } from './kafka-records.rules.js';

/** How long connecting and one answer may take, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** How long a broker may wait for more to answer, in milliseconds; there is something when it is asked. */
const FETCH_WAIT_MS = 500;

/** Largest answer that is taken, in bytes; a broker answers at least one batch, however large it is. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** A client is no replica, and knows no epochs of leaders. */
const NO_REPLICA = -1;
const NO_EPOCH = -1;
const READ_COMMITTED = 1;

interface BrokerConnection {
  readonly connection: Connection;
  /** What had been read before the answer that is being waited for, in bytes. */
  readBefore: number;
  /** Why we ended the connection; the client tells only that it was. */
  fault?: CodedError;
}

interface Broker {
  readonly host: string;
  readonly port: number;
}

/**
 * Talks to the brokers of a Kafka by the client's connections and messages. Its consumers would connect to what brokers
 * advertise by name; here each address is asked of {@link OutboundHosts} first. Its errors are coded.
 */
export class KafkaSession {
  private readonly connections = new Map<string, BrokerConnection>();
  private brokers: ReadonlyMap<number, Broker> = new Map();

  private constructor(
    private readonly hosts: OutboundHosts,
    private readonly access: StreamAccess<KafkaConnection>,
  ) {}

  static async use<Result>(
    hosts: OutboundHosts,
    access: StreamAccess<KafkaConnection>,
    work: (session: KafkaSession) => Promise<Result>,
  ): Promise<Result> {
    const session = new KafkaSession(hosts, access);
    try {
      return await work(session);
    } catch (error) {
      const own = [...session.connections.values()].find(({ fault }) => fault !== undefined)?.fault;
      throw own ?? kafkaFault(error);
    } finally {
      await Promise.all([...session.connections.values()].map(({ connection }) => connection.close()));
    }
  }

  /** What the partitions of the topic hold; none where there is no such topic. */
  async bounds(): Promise<PartitionBounds[]> {
    const leaders = await this.leaders();
    const bounds: PartitionBounds[] = [];
    for (const [leader, partitions] of leaders) {
      const first = await this.offsets(leader, partitions, ListOffsetTimestamps.EARLIEST);
      const end = await this.offsets(leader, partitions, ListOffsetTimestamps.LATEST);
      for (const partition of partitions) {
        bounds.push({ partition, leader, first: first.get(partition) ?? 0n, end: end.get(partition) ?? 0n });
      }
    }
    return bounds.toSorted((one, other) => one.partition - other.partition);
  }

  /** What comes at the beginning of a span, of about so many bytes. */
  async fetch({ partition, leader, next }: PartitionSpan, bytes: number): Promise<FetchedPartition | undefined> {
    const { topic } = this.access.connection;
    const wanted = {
      partition,
      currentLeaderEpoch: NO_EPOCH,
      fetchOffset: next,
      lastFetchedEpoch: NO_EPOCH,
      partitionMaxBytes: bytes,
    };
    const answer = await fetchV12.api.async(
      await this.toNode(leader),
      FETCH_WAIT_MS,
      1,
      bytes,
      READ_COMMITTED,
      0,
      NO_EPOCH,
      [{ topicId: topic, partitions: [wanted] }],
      [],
      '',
    );
    return answer.responses[0]?.partitions[0];
  }

  /** The partitions of the topic by the ids of their leaders. */
  private async leaders(): Promise<Map<number, number[]>> {
    const { topic } = this.access.connection;
    const leaders = new Map<number, number[]>();
    try {
      const metadata = await metadataV9.api.async(await this.toAny(), [topic], false);
      this.brokers = new Map(metadata.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
      for (const { leaderId, partitionIndex } of metadata.topics.flatMap(({ partitions }) => partitions)) {
        leaders.set(leaderId, [...(leaders.get(leaderId) ?? []), partitionIndex]);
      }
    } catch (error) {
      // A topic that is not there yet has nothing to read.
      if (answeredFault(error)?.['apiId'] !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    }
    return leaders;
  }

  private async offsets(
    leader: number,
    partitions: readonly number[],
    timestamp: bigint,
  ): Promise<ReadonlyMap<number, bigint>> {
    const { topic } = this.access.connection;
    const asked = partitions.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: NO_EPOCH, timestamp }));
    const answer = await listOffsetsV5.api.async(await this.toNode(leader), NO_REPLICA, READ_COMMITTED, [
      { name: topic, partitions: asked },
    ]);
    const found = answer.topics.flatMap((each) => each.partitions);
    return new Map(found.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
  }

  /** A connection to the first of the named brokers that answers. */
  private async toAny(): Promise<Connection> {
    let failure: unknown;
    for (const broker of this.access.connection.brokers) {
      const { host = '', firstPort: port = 0 } = parseEndpoint(broker) ?? {};
      try {
        return await this.to({ host, port });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private async toNode(id: number): Promise<Connection> {
    const broker = this.brokers.get(id);
    if (broker === undefined)
      throw new CodedError('SERVICE_UNAVAILABLE', 'A partition of the topic has no leader now.');
    return this.to(broker);
  }

  private async to({ host, port }: Broker): Promise<Connection> {
    const known = this.connections.get(`${host}:${port}`);
    if (known !== undefined) {
      known.readBefore = known.connection.socket.bytesRead;
      return known.connection;
    }
    const [address] = await this.hosts.resolve(host, port);
    const connection = new Connection('nestor', optionsOf(this.access, host));
    // What happens to the connection is told by whoever uses it at that moment, too.
    connection.on('error', () => undefined);
    await connection.connect(address?.address ?? host, port);
    this.connections.set(`${host}:${port}`, limited(connection));
    return connection;
  }
}

function optionsOf({ connection, password }: StreamAccess<KafkaConnection>, host: string): ConnectionOptions {
  const { tls, user, mechanism } = connection;
  return {
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(tls && { tls: isIP(host) === 0 ? { servername: host } : {} }),
    ...(user !== null && { sasl: { mechanism: mechanisms[mechanism], username: user, password: password ?? '' } }),
  };
}

const mechanisms = {
  PLAIN: 'PLAIN',
  SCRAM_SHA_256: 'SCRAM-SHA-256',
  SCRAM_SHA_512: 'SCRAM-SHA-512',
} as const satisfies Record<KafkaConnection['mechanism'], string>;

/** The client would keep all that comes until an answer is whole, however long it says that it is. */
function limited(connection: Connection): BrokerConnection {
  const { socket } = connection;
  const broker: BrokerConnection = { connection, readBefore: socket.bytesRead };
  socket.on('data', () => {
    if (socket.bytesRead - broker.readBefore <= MAX_ANSWER_BYTES) return;
    broker.fault = new CodedError('SOURCE_FAILED', 'An answer of Kafka is longer than 64 MiB.');
    socket.destroy();
  });
  return broker;
}
