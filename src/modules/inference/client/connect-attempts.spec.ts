import { describe, expect, it } from 'vitest';
import { ConnectAttempts } from './connect-attempts.js';

describe('ConnectAttempts', () => {
  it('waits longer after each failure, up to ten seconds, and starts over after a success', () => {
    const attempts = new ConnectAttempts();
    expect(Array.from({ length: 8 }, () => attempts.failed('a', 0))).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
    expect(attempts.failuresOf('a')).toBe(8);
    expect([attempts.mayTry('a', 9_999), attempts.mayTry('a', 10_000), attempts.mayTry('b', 0)]).toEqual([
      false,
      true,
      true,
    ]);
    attempts.succeeded('a');
    expect(attempts.failed('a', 0)).toBe(250);
  });

  it('forgets executors that are gone', () => {
    const attempts = new ConnectAttempts();
    attempts.failed('a', 0);
    attempts.failed('b', 0);
    attempts.keep(new Set(['b']));
    expect([attempts.failuresOf('a'), attempts.failuresOf('b')]).toEqual([0, 1]);
  });
});
