import type { BatchStatus } from './batch-state.rules.js';

/** The facts of a batch by which its progress is told. */
export interface ProgressFacts {
  readonly status: BatchStatus;
  /** Null until the whole file was looked at. */
  readonly rowsTotal: number | null;
  readonly rowsDone: number;
  /** When its chunks began to run, or went on after a retry. */
  readonly runStartedAt: Date | null;
  /** Rows that were done then. */
  readonly runStartedRows: number;
  /** When its last chunk ended, or the batch did. */
  readonly runEndedAt: Date | null;
}

export interface Progress {
  /** Rows that were done in each second since the chunks began to run; null before the first is done. */
  readonly rowsPerSecond: number | null;
  /** Seconds until the last row is done, at this rate; null where nothing runs or the rate is not known. */
  readonly secondsLeft: number | null;
}

/** How fast a batch goes, and how long it has to go. @param now milliseconds since the epoch. */
export function progressOf(facts: ProgressFacts, now: number): Progress {
  const rowsPerSecond = rateOf(facts, now);
  const { status, rowsTotal, rowsDone } = facts;
  if (status === 'ASSEMBLING' || status === 'SUCCEEDED') return { rowsPerSecond, secondsLeft: 0 };
  const isTold = status === 'RUNNING' && rowsTotal !== null && rowsPerSecond !== null;
  return { rowsPerSecond, secondsLeft: isTold ? Math.max(0, rowsTotal - rowsDone) / rowsPerSecond : null };
}

function rateOf({ rowsDone, runStartedAt, runStartedRows, runEndedAt }: ProgressFacts, now: number): number | null {
  const rows = rowsDone - runStartedRows;
  if (runStartedAt === null || rows <= 0) return null;
  // Clocks of two machines may differ by more than a quick batch takes.
  const elapsedMs = Math.max(1, (runEndedAt?.getTime() ?? now) - runStartedAt.getTime());
  return (rows * 1_000) / elapsedMs;
}
