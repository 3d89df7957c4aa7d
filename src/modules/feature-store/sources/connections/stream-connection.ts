/** Systems whose streams are read. */
export const streamSystems = ['REDIS'] as const;

export type StreamSystem = (typeof streamSystems)[number];

/** Name of the secret that is the password of a stream's server, where it asks for one. */
export const STREAM_PASSWORD_SECRET = 'password';

/** A stream that is read step by step. */
export interface StreamConnection {
  readonly kind: 'STREAM';
  readonly system: StreamSystem;
  /** Where it is, such as `rediss://reader@host:6379/0`; without a password. */
  readonly url: string;
  /** The key of a Redis stream. */
  readonly stream: string;
  /** How often rows are looked for, in seconds. */
  readonly intervalSeconds: number;
}

/** Whether what was read so far is of another stream than what will be. */
export const isOtherStream = (before: StreamConnection, after: StreamConnection): boolean =>
  before.system !== after.system || before.url !== after.url || before.stream !== after.stream;
