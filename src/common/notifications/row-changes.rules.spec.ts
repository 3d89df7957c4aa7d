import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatChanges, parseChanges } from './row-changes.rules.js';

const statuses = ['QUEUED', 'RUNNING', 'ASSEMBLING', 'SUCCEEDED'] as const;

describe('changes of rows', () => {
  it('come back as they were sent, in messages that a notification can carry', () => {
    const change = fc.record({ id: fc.uuid(), status: fc.constantFrom(...statuses) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 500 }), (changes) => {
        const messages = formatChanges(changes);
        expect(messages.flatMap((message) => parseChanges(message, statuses))).toEqual(changes);
        for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(7_900);
      }),
    );
  });

  it('skip what a newer version may say', () => {
    expect(parseChanges('a MELTED\n QUEUED\n\nb QUEUED extra', statuses)).toEqual([{ id: 'b', status: 'QUEUED' }]);
  });
});
