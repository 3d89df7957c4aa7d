import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatChanges, parseChanges } from './job-changes.rules.js';
import { jobStatuses } from './job-state.rules.js';

describe('job changes', () => {
  it('come back as they were sent, in messages that a notification can carry', () => {
    const change = fc.record({ id: fc.uuid(), status: fc.constantFrom(...jobStatuses) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 500 }), (changes) => {
        const messages = formatChanges(changes);
        expect(messages.flatMap((message) => parseChanges(message, jobStatuses))).toEqual(changes);
        for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(7_900);
      }),
    );
  });

  it('skip what a newer version may say', () => {
    expect(parseChanges('a MELTED\n QUEUED\n\nb QUEUED extra', jobStatuses)).toEqual([{ id: 'b', status: 'QUEUED' }]);
  });
});
