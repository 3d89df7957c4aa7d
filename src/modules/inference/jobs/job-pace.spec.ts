import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobPace } from './job-pace.js';

/** Rounds of jobs that one executor works off one after the other. */
function run(pace: JobPace, jobMs: number, rounds: number): number {
  for (let round = 0; round < rounds; round += 1) {
    const inHand = pace.places;
    for (let job = 1; job <= inHand; job += 1) pace.observe(jobMs * job, inHand);
  }
  return pace.places;
}

describe('JobPace', () => {
  it('begins with few and grows to its maximum while jobs are quick', () => {
    const pace = new JobPace(256, () => 1);
    expect(pace.places).toBe(8);
    expect(run(pace, 0.1, 10)).toBe(256);
  });

  it('keeps no more of slow jobs in hand than are worked off within a second', () => {
    const pace = new JobPace(256, () => 1);
    run(pace, 0.1, 10);
    expect(run(pace, 100, 5)).toBeLessThanOrEqual(10);
    expect(run(pace, 100, 5)).toBeGreaterThanOrEqual(5);
    expect(run(pace, 10_000, 3)).toBe(1);
    expect(run(pace, 0.1, 12)).toBe(256);
  });

  it('keeps every executor busy however slow the jobs are, but never passes its maximum', () => {
    const slow = new JobPace(256, () => 6);
    expect(run(slow, 10_000, 3)).toBe(6);
    expect(new JobPace(4, () => 6).places).toBe(4);
  });

  it('does not grow on jobs that were alone', () => {
    const pace = new JobPace(256, () => 1);
    for (let job = 0; job < 100; job += 1) pace.observe(1, 1);
    expect(pace.places).toBe(8);
  });

  it('stays within its bounds whatever it learns', () => {
    const lesson = fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.integer({ min: 1, max: 500 }));
    fc.assert(
      fc.property(fc.array(lesson), (lessons) => {
        const pace = new JobPace(100, () => 2);
        for (const [elapsedMs, inHand] of lessons) pace.observe(elapsedMs, inHand);
        expect(pace.places).toBeGreaterThanOrEqual(2);
        expect(pace.places).toBeLessThanOrEqual(100);
      }),
    );
  });
});
