import { isDeepStrictEqual } from 'node:util';

/** Systems whose streams are read. */
export const streamSystems = ['REDIS', 'KAFKA'] as const;

export type StreamSystem = (typeof streamSystems)[number];

/** How a user proves to a Kafka who they are. */
export const kafkaMechanisms = ['PLAIN', 'SCRAM_SHA_256', 'SCRAM_SHA_512'] as const;

export type KafkaMechanism = (typeof kafkaMechanisms)[number];

/** Name of the secret that is the password of a stream's server, where it asks for one. */
export const STREAM_PASSWORD_SECRET = 'password';

interface StepwiseStream {
  readonly kind: 'STREAM';
  /** How often rows are looked for, in seconds. */
  readonly intervalSeconds: number;
}

export interface RedisConnection extends StepwiseStream {
  readonly system: 'REDIS';
  /** Where it is, such as `rediss://reader@host:6379/0`; without a password. */
  readonly url: string;
  /** The key of a Redis stream. */
  readonly stream: string;
}

export interface KafkaConnection extends StepwiseStream {
  readonly system: 'KAFKA';
  /** `host:port` of those that are asked for all others. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly tls: boolean;
  /** Null where none signs in. */
  readonly user: string | null;
  readonly mechanism: KafkaMechanism;
}

/** A stream that is read step by step. */
export type StreamConnection = RedisConnection | KafkaConnection;

export type StreamConnectionOf<System extends StreamSystem> = Extract<StreamConnection, { readonly system: System }>;

/** Whether what was read so far is of another stream than what will be. */
export const isOtherStream = (before: StreamConnection, after: StreamConnection): boolean =>
  !isDeepStrictEqual(whatIsRead(before), whatIsRead(after));

/** The brokers of a Kafka come and go; a topic of another one is told by its name, or by its offsets. */
const whatIsRead = (stream: StreamConnection): readonly string[] =>
  stream.system === 'REDIS' ? [stream.system, stream.url, stream.stream] : [stream.system, stream.topic];
