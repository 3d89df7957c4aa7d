import { expect, it } from 'vitest';
import { deathsInARow, restartDelayMs } from './backoff.rules.js';

it('doubles the wait with each death in a row, up to a limit', () => {
  expect([1, 2, 3, 4].map(restartDelayMs)).toEqual([250, 500, 1_000, 2_000]);
  expect(restartDelayMs(100)).toBe(15_000);
});

it('begins anew after a run that lasted', () => {
  expect(deathsInARow(4, 1_000)).toBe(5);
  expect(deathsInARow(4, 60_000)).toBe(1);
});
