import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createRecordsBatch, type MessageRecord, Reader, Writer } from '@platformatic/kafka';

/** Records of one batch, so that offsets lie within batches. */
const BATCH = 7;

const UNKNOWN_TOPIC = 3;
const SASL_AUTHENTICATION_FAILED = 58;

/** What a request is about; of other fields a test has none. */
type Answer = (request: Reader, socket: Socket) => Writer;

interface Api {
  /** Whether its messages have tagged fields. */
  readonly isFlexible: boolean;
  readonly answer: Answer;
}

/**
 * Stands in for a broker of Kafka: it says the few messages that a reader of topics needs, in the versions that are used,
 * with the client's own writing of them. It is no Kafka: no replicas, no retention, no transactions.
 */
export class TestBroker {
  /** Values by topic and partition. */
  readonly topics = new Map<string, (string | null)[][]>();
  /** User and password that must be given by SASL PLAIN; null: none. */
  login: string | null = null;
  /** Where the broker says that it is. */
  advertised = '127.0.0.1';
  port = 0;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly users = new WeakSet<Socket>();

  private readonly apis: Readonly<Record<number, Api>> = {
    1: { isFlexible: true, answer: (request) => this.fetch(request) },
    2: { isFlexible: false, answer: (request) => this.listOffsets(request) },
    3: { isFlexible: true, answer: (request) => this.metadata(request) },
    17: {
      isFlexible: false,
      answer: () =>
        Writer.create()
          .appendInt16(0)
          .appendArray(['PLAIN'], (w, name) => w.appendString(name, false), false, false),
    },
    36: { isFlexible: true, answer: (request, socket) => this.authenticate(request, socket) },
  };

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Where it ran before, where it did. */
  async start(): Promise<void> {
    this.server = createServer((socket) => this.serve(socket));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
  }

  async stop(): Promise<void> {
    if (this.server === undefined) return;
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    this.server = undefined;
    await closed;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const size = 4 + rest.readInt32BE(0);
        this.respond(Reader.from(rest.subarray(4, size)), socket);
        rest = rest.subarray(size);
      }
    });
  }

  private respond(request: Reader, socket: Socket): void {
    const key = request.readInt16();
    request.readInt16();
    const correlation = request.readInt32();
    request.readString(false);
    const api = this.apis[key];
    if (api === undefined || (this.login !== null && key <= 3 && !this.users.has(socket))) {
      socket.destroy();
      return;
    }
    if (api.isFlexible) request.readTaggedFields();
    const answer = Writer.create().appendInt32(correlation);
    if (api.isFlexible) answer.appendTaggedFields();
    socket.write(answer.appendFrom(api.answer(request, socket)).prependLength().buffer);
  }

  private authenticate(request: Reader, socket: Socket): Writer {
    const isRight = request.readBytes().toString() === `\0${this.login}`;
    if (isRight) this.users.add(socket);
    return Writer.create()
      .appendInt16(isRight ? 0 : SASL_AUTHENTICATION_FAILED)
      .appendString(isRight ? null : 'Authentication failed')
      .appendBytes(Buffer.alloc(0))
      .appendInt64(0n)
      .appendTaggedFields();
  }

  private metadata(request: Reader): Writer {
    const names = request.readArray((reader) => reader.readString());
    return Writer.create()
      .appendInt32(0)
      .appendArray([0], (w) => w.appendInt32(0).appendString(this.advertised).appendInt32(this.port).appendString(null))
      .appendString('test')
      .appendInt32(0)
      .appendArray(names, (w, name) => {
        const partitions = this.topics.get(name);
        w.appendInt16(partitions === undefined ? UNKNOWN_TOPIC : 0)
          .appendString(name)
          .appendBoolean(false)
          .appendArray(
            (partitions ?? []).map((_, at) => at),
            (part, at) => {
              part.appendInt16(0).appendInt32(at).appendInt32(0).appendInt32(0);
              for (const nodes of [[0], [0], []]) part.appendArray(nodes, (n, id) => n.appendInt32(id), true, false);
            },
          )
          .appendInt32(0);
      })
      .appendBoolean(false)
      .appendTaggedFields();
  }

  private listOffsets(request: Reader): Writer {
    request.readInt32();
    request.readInt8();
    const topics = request.readArray(
      (reader) => ({
        name: reader.readString(false),
        partitions: reader.readArray(
          (part) => ({ at: part.readInt32(), epoch: part.readInt32(), timestamp: part.readInt64() }),
          false,
          false,
        ),
      }),
      false,
      false,
    );
    return Writer.create()
      .appendInt32(0)
      .appendArray(
        topics,
        (w, { name, partitions }) =>
          w.appendString(name, false).appendArray(
            partitions,
            (part, { at, timestamp }) => {
              const end = timestamp === -2n ? 0 : (this.topics.get(name)?.[at]?.length ?? 0);
              part.appendInt32(at).appendInt16(0).appendInt64(-1n).appendInt64(BigInt(end)).appendInt32(0);
            },
            false,
            false,
          ),
        false,
        false,
      );
  }

  private fetch(request: Reader): Writer {
    // Replica, time, least and most bytes, isolation, session and its epoch.
    request.skip(4 + 4 + 4 + 4 + 1 + 4 + 4);
    const topics = request.readArray((reader) => ({
      name: reader.readString(),
      partitions: reader.readArray((part) => {
        const at = part.readInt32();
        part.skip(4);
        const offset = Number(part.readInt64());
        part.skip(4 + 8 + 4);
        return { at, offset };
      }),
    }));
    return Writer.create()
      .appendInt32(0)
      .appendInt16(0)
      .appendInt32(0)
      .appendArray(topics, (w, { name, partitions }) =>
        w.appendString(name).appendArray(partitions, (part, { at, offset }) => {
          const values = this.topics.get(name)?.[at] ?? [];
          const end = BigInt(values.length);
          part.appendInt32(at).appendInt16(0).appendInt64(end).appendInt64(end).appendInt64(0n);
          part.appendArray<number>([], () => undefined).appendInt32(-1);
          part.appendBytes(batchesFrom(name, values, offset));
        }),
      )
      .appendTaggedFields();
  }
}

/** Two batches at most, the first of which has the offset; every other one is packed. */
function batchesFrom(topic: string, values: readonly (string | null)[], offset: number): Buffer {
  const first = offset - (offset % BATCH);
  const batches = [first, first + BATCH].map((start) => {
    const messages = values
      .slice(start, start + BATCH)
      .map((value): MessageRecord => ({ topic, value: bytesOf(value) }));
    if (messages.length === 0) return Buffer.alloc(0);
    const { buffer } = createRecordsBatch(messages, { compression: start % 2 === 0 ? 'none' : 'gzip' });
    buffer.writeBigInt64BE(BigInt(start));
    return buffer;
  });
  return Buffer.concat(batches);
}

/** The client's type knows no record without a value, although it writes one. */
const bytesOf = (value: string | null): Buffer => (value === null ? (null as unknown as Buffer) : Buffer.from(value));
