import { describe, expect, it } from 'vitest';
import { Remembered } from './remembered.js';

describe('Remembered', () => {
  it('reads once for all who ask while the value is fresh', async () => {
    let reads = 0;
    const remembered = new Remembered(60_000, async () => {
      reads += 1;
      return reads;
    });
    expect(await Promise.all([remembered.get(), remembered.get()])).toEqual([1, 1]);
    expect(await remembered.get()).toBe(1);
  });

  it('reads anew when it is stale, and keeps the last value where that fails', async () => {
    const outcomes = [async () => 1, async () => Promise.reject(new Error('away')), async () => 3];
    const remembered = new Remembered(-1, async () => (await outcomes.shift()?.()) ?? 0);
    expect([await remembered.get(), await remembered.get(), await remembered.get()]).toEqual([1, 1, 3]);
  });

  it('has nothing where it never could be read', async () => {
    expect(await new Remembered(-1, () => Promise.reject(new Error('away'))).get()).toBeNull();
  });
});
