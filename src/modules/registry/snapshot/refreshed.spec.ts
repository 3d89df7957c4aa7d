import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refreshed } from './refreshed.js';

interface Load {
  readonly finish: (value: string) => void;
  readonly fail: () => void;
}

let loads: Load[];
let copy: Refreshed<{ text: string }>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
  loads = [];
  copy = new Refreshed(
    () =>
      new Promise((resolve, reject) => {
        loads.push({ finish: (text) => resolve({ text }), fail: () => reject(new Error('unreachable')) });
      }),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

const later = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

describe('Refreshed', () => {
  it('has nothing before the first load, which all who come meanwhile share', async () => {
    expect(copy.current).toBeUndefined();
    const both = [copy.first(), copy.first()];
    expect(loads).toHaveLength(1);
    loads[0]?.finish('one');
    expect(await Promise.all(both)).toEqual([{ text: 'one' }, { text: 'one' }]);
    expect(copy.current).toEqual({ text: 'one' });
  });

  it('answers a refresh by a load that began after it was asked for', async () => {
    const first = copy.refresh();
    const others = [copy.refresh(), copy.refresh(), copy.refresh()];
    expect(loads).toHaveLength(1);
    loads[0]?.finish('before');
    expect((await first).text).toBe('before');
    await vi.waitFor(() => expect(loads).toHaveLength(2));
    loads[1]?.finish('after');
    expect((await Promise.all(others)).map(({ text }) => text)).toEqual(['after', 'after', 'after']);
    const again = copy.refresh();
    expect(loads).toHaveLength(3);
    loads[2]?.finish('again');
    expect((await again).text).toBe('again');
  });

  it('keeps the copy when a load fails, and runs the one that waits all the same', async () => {
    const first = copy.refresh();
    loads[0]?.finish('kept');
    await first;
    const failing = copy.refresh();
    const waiting = copy.refresh();
    loads[1]?.fail();
    await expect(failing).rejects.toThrow('unreachable');
    expect(copy.current).toEqual({ text: 'kept' });
    await vi.waitFor(() => expect(loads).toHaveLength(3));
    loads[2]?.finish('new');
    expect((await waiting).text).toBe('new');
  });

  it('is due when it is old or could not be loaded, but not while it is loaded nor just after a failure', async () => {
    const first = copy.refresh();
    expect(copy.isDue(60_000, 1_000)).toBe(false);
    loads[0]?.finish('one');
    await first;
    later(60_000);
    expect(copy.isDue(60_000, 1_000)).toBe(false);
    later(1);
    expect(copy.isDue(60_000, 1_000)).toBe(true);
    expect(copy.idleMs).toBe(60_001);
    const failing = copy.refresh();
    expect(copy.isDue(60_000, 1_000)).toBe(false);
    loads[1]?.fail();
    await expect(failing).rejects.toThrow();
    expect(copy.idleMs).toBe(0);
    expect(copy.isDue(60_000, 1_000)).toBe(false);
    later(1_001);
    expect(copy.isDue(600_000, 1_000)).toBe(true);
  });
});
