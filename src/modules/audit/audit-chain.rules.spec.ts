import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRecord, chainOf } from '../../../test/support/audit.js';
import { canonicalForm, chainOnto, emptyChain, eventHash } from './audit-chain.rules.js';

const anyHexDigit = fc.nat(15).map((digit) => digit.toString(16));

const anyPlace = fc.record({
  writerId: fc.uuid(),
  sequence: fc.integer({ min: 1 }),
  previousHash: fc.string({ unit: anyHexDigit, minLength: 64, maxLength: 64 }),
});

describe('the canonical form of an event', () => {
  it('can be read back in full, so that no two events share one', () => {
    fc.assert(
      fc.property(anyPlace, anyRecord, (place, record) => {
        expect(JSON.parse(canonicalForm(place, record))).toEqual({ ...place, ...record });
      }),
    );
  });

  it('does not depend on the order in which an object has its fields', () => {
    fc.assert(
      fc.property(anyPlace, anyRecord, (place, record) => {
        const reversed = Object.fromEntries(Object.entries(record).toReversed()) as typeof record;
        expect(canonicalForm(place, reversed)).toBe(canonicalForm(place, record));
      }),
    );
  });
});

describe('chainOnto', () => {
  it('numbers the events and links each to the one before', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.array(anyRecord, { maxLength: 8 }), (writerId, records) => {
        const { head, events } = chainOf(writerId, records);
        expect(events).toHaveLength(records.length);
        let previousHash = '0'.repeat(64);
        for (const [index, event] of events.entries()) {
          expect(event).toMatchObject({ ...records[index], writerId, sequence: index + 1, previousHash });
          expect(event.hash).toBe(eventHash(event, event));
          previousHash = event.hash;
        }
        expect(head).toEqual({ sequence: records.length, hash: previousHash });
      }),
    );
  });

  it('makes the same chain in one go and in parts', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 8 }), fc.nat(8), (records, cut) => {
        const whole = chainOnto(emptyChain, 'writer', records);
        const start = chainOnto(emptyChain, 'writer', records.slice(0, cut));
        expect(chainOnto(start.head, 'writer', records.slice(cut)).head).toEqual(whole.head);
      }),
    );
  });

  it('hashes by SHA-256 what anybody can recompute', () => {
    fc.assert(
      fc.property(anyPlace, anyRecord, (place, record) => {
        const expected = createHash('sha256')
          .update(Buffer.from(canonicalForm(place, record), 'utf8'))
          .digest('hex');
        expect(eventHash(place, record)).toBe(expected);
      }),
    );
  });
});
