/** A process that ran this long before it died is not in a crash loop, in milliseconds. */
const HEALTHY_RUN_MS = 30_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;

/** Deaths in a row, with hardly a run between them, from which on a process counts as being in a crash loop. */
export const CRASH_LOOP_DEATHS = 5;

/** @returns how many times in a row a process has now died, after a run of `ranMs`. */
export function deathsInARow(before: number, ranMs: number): number {
  return ranMs >= HEALTHY_RUN_MS ? 1 : before + 1;
}

/** How long to wait before the next start: doubled with each death in a row, in milliseconds. */
export function restartDelayMs(deaths: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, deaths - 1));
}
