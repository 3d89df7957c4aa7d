import { describe, expect, it } from 'vitest';
import { BoundedLabels } from './bounded-labels.js';

describe('BoundedLabels', () => {
  it('names the first models and gathers all later ones', () => {
    const labels = new BoundedLabels(2);
    expect(labels.of(null)).toEqual({ model: '', version: '' });
    expect(labels.of({ model: 'a', version: 1 })).toEqual({ model: 'a', version: '1' });
    expect(labels.of({ model: 'a', version: 2 })).toEqual({ model: 'a', version: '2' });
    expect(labels.of({ model: 'b', version: 1 })).toEqual({ model: 'other', version: 'other' });
    expect(labels.of({ model: 'a', version: 1 })).toEqual({ model: 'a', version: '1' });
  });
});
