import { CodedError } from '../../../../common/errors/coded-error.js';
import type { StreamEntry } from './stream-reader.js';

/** An entry as Redis answers it: its id, and its fields and values in turn. */
export type RedisStreamEntry = readonly [id: Buffer, fields: readonly Buffer[]];

export interface RedisGroup {
  readonly name: string;
  readonly lastDeliveredId: string;
}

/** What `XINFO GROUPS` answers: for each group names and values in turn. */
export function redisGroupsOf(answer: unknown): RedisGroup[] {
  const groups = Array.isArray(answer) ? (answer as readonly (readonly unknown[])[]) : [];
  return groups.map((flat) => {
    const valueOf = (name: string): string => String(flat[flat.indexOf(name) + 1]);
    return { name: valueOf('name'), lastDeliveredId: valueOf('last-delivered-id') };
  });
}

/** The texts of an entry. Of a field that is there twice the last counts. Bytes that are no UTF-8 become U+FFFD. */
export function textsOf(fields: readonly Buffer[]): StreamEntry {
  const texts = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    texts.set(String(fields[at]), String(fields[at + 1]));
  }
  return texts;
}

/** Answers that may be another one a moment later. */
const PASSING = /^(LOADING|BUSY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|READONLY|NOREPLICAS|OOM|UNBLOCKED|NOGROUP)\b/;

/** Longest answer that is repeated, in UTF-16 code units. */
const MAX_MESSAGE = 200;

/** Says what a failed command means. @param connection what went wrong with the connection, which says more. */
export function redisFault(thrown: unknown, connection: Error | undefined): CodedError {
  const error = connection ?? thrown;
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
  if (error instanceof Error && error.name === 'ReplyError' && !PASSING.test(message)) {
    return new CodedError('SOURCE_FAILED', `Redis refuses to read the stream: ${message}.`, { cause: thrown });
  }
  return new CodedError('SERVICE_UNAVAILABLE', `The Redis of the stream does not answer: ${message}.`, {
    cause: thrown,
  });
}
