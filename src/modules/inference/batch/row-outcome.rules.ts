import { gunzipSync, gzipSync } from 'node:zlib';
import type { RecordAnswer } from '../prediction/prediction.rules.js';

/** What became of one row. */
export interface RowOutcome {
  readonly label: string | null;
  readonly probability: number | null;
  /** One entry for each output; null where the row failed. */
  readonly values: RecordAnswer['values'] | null;
  /** `CODE: message`; null where the row was run. */
  readonly error: string | null;
}

/** Fastest of zlib: the results wait for minutes, not for years. */
const COMPRESSION_LEVEL = 1;

/** The outcomes of a chunk as they wait in the database for the last chunk to end. */
export function encodeOutcomes(outcomes: readonly RowOutcome[]): Buffer {
  return gzipSync(JSON.stringify(outcomes), { level: COMPRESSION_LEVEL });
}

export function decodeOutcomes(bytes: Uint8Array): RowOutcome[] {
  return JSON.parse(gunzipSync(bytes).toString('utf8')) as RowOutcome[];
}

export function failedRow(code: string, message: string): RowOutcome {
  return { label: null, probability: null, values: null, error: `${code}: ${message}` };
}

export function answeredRow({ label, probability, values }: RecordAnswer): RowOutcome {
  return { label, probability, values, error: null };
}
