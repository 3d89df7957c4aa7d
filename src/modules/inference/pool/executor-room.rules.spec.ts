import { describe, expect, it } from 'vitest';
import { roomFor } from './executor-room.rules.js';

describe('roomFor', () => {
  it('is bounded by cores and memory, and never nothing', () => {
    const machine = { cores: 8, memoryBytes: 100 };
    const resources = { devices: ['cpu'], threads: 1, memoryBytes: 10, cacheBytes: 1 };
    expect(roomFor(machine, resources)).toBe(8);
    expect(roomFor(machine, { ...resources, threads: 3 })).toBe(2);
    expect(roomFor(machine, { ...resources, memoryBytes: 40 })).toBe(2);
    expect(roomFor(machine, { ...resources, memoryBytes: 400 })).toBe(1);
  });
});
