import { describe, expect, it } from 'vitest';
import { chooseExecutor } from './balancing.rules.js';

const candidate = (name: string, inFlight: number, holds = false, mayRun = true) => ({
  name,
  inFlight,
  holds: () => holds,
  mayRun: () => mayRun,
});

function chosen(list: readonly ReturnType<typeof candidate>[], turn = 0): string | undefined {
  return chooseExecutor(list, 'digest', turn)?.name;
}

describe('chooseExecutor', () => {
  it('takes the one with the fewest in flight', () => {
    expect(chosen([candidate('a', 3), candidate('b', 1), candidate('c', 2)])).toBe('b');
  });

  it('prefers one that holds the model, unless it is much busier', () => {
    expect(chosen([candidate('a', 0), candidate('b', 3, true)])).toBe('b');
    expect(chosen([candidate('a', 0), candidate('b', 5, true)])).toBe('a');
  });

  it('lets equals take turns', () => {
    const list = [candidate('a', 1), candidate('b', 1), candidate('c', 1)];
    expect([0, 1, 2, 3].map((turn) => chosen(list, turn))).toEqual(['a', 'b', 'c', 'a']);
  });

  it('leaves out those that may not run the model', () => {
    expect(chosen([candidate('a', 0, true, false), candidate('b', 9)])).toBe('b');
    expect(chosen([candidate('a', 0, true, false)])).toBeUndefined();
    expect(chosen([])).toBeUndefined();
  });
});
