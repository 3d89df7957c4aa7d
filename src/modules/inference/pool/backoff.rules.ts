const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** How long an executor must have been ready for its earlier failures to be forgotten, in milliseconds. */
export const HEALTHY_AFTER_MS = 60_000;

/**
 * How long to wait before an executor is started again, in milliseconds: doubled with each failure in a row, half of it
 * by chance, so that many do not start at the same moment.
 * @param failures failures in a row, this one included
 * @param chance a number in [0, 1)
 */
export function restartDelayMs(failures: number, chance: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(longest * (0.5 + chance / 2));
}
