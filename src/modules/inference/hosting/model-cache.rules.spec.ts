import { describe, expect, it } from 'vitest';
import { filesToEvict } from './model-cache.rules.js';

const minute = 60_000;
const files = [
  { name: 'new', bytes: 40, usedAt: 10 * minute },
  { name: 'old', bytes: 40, usedAt: 1 * minute },
  { name: 'older', bytes: 40, usedAt: 0 },
];

describe('filesToEvict', () => {
  it('removes the least recently used until the rest fits', () => {
    expect(filesToEvict(files, 120, 'new', 20 * minute)).toEqual([]);
    expect(filesToEvict(files, 119, 'new', 20 * minute)).toEqual(['older']);
    expect(filesToEvict(files, 50, 'new', 20 * minute)).toEqual(['older', 'old']);
  });

  it('keeps what was just fetched or may just be opened, even above the limit', () => {
    expect(filesToEvict(files, 0, 'older', 20 * minute)).toEqual(['old', 'new']);
    expect(filesToEvict(files, 0, 'older', 10.5 * minute)).toEqual(['old']);
  });
});
