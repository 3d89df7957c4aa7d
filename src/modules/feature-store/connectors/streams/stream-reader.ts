import type { JsonObject } from '../../../../common/json/json-object.js';
import type { StreamConnection } from '../../sources/connections/stream-connection.js';

/** A stream and what is needed to read it. */
export interface StreamAccess<Connection extends StreamConnection = StreamConnection> {
  readonly connection: Connection;
  readonly sourceId: string;
  readonly password: string | null;
  /** Columns whose texts are JSON themselves. */
  readonly jsonColumns: ReadonlySet<string>;
}

/** One entry of a stream: texts by their names, which are the names of columns; null where it says that there is none. */
export type StreamEntry = ReadonlyMap<string, string | null>;

/** The size of a micro-batch. It may have a little more bytes than its limit, but never more than twice. */
export interface StreamLimits {
  readonly entries: number;
  readonly bytes: number;
}

export interface StreamBatch {
  /** In the order of the stream. */
  readonly entries: readonly StreamEntry[];
  /** Up to where the stream is read with them; null where nothing was read so far. */
  readonly cursor: JsonObject | null;
}

/** Reads the streams of one system. What was read is told by cursors alone, which are kept with the rows. */
export interface StreamReader<Connection extends StreamConnection> {
  /** What comes after a cursor. @throws {CodedError} SERVICE_UNAVAILABLE, SOURCE_FAILED, ADDRESS_REFUSED. */
  read(access: StreamAccess<Connection>, after: JsonObject | null, limits: StreamLimits): Promise<StreamBatch>;

  /** Whether there is anything after a cursor. @throws {CodedError} as `read`. */
  hasMore(access: StreamAccess<Connection>, after: JsonObject | null): Promise<boolean>;

  /** Tells the system that all up to a cursor is kept. May be done again, or never. @throws {CodedError} as `read`. */
  acknowledge(access: StreamAccess<Connection>, upTo: JsonObject): Promise<void>;
}
