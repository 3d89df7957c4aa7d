import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRecord, chainOf } from '../../../../test/support/audit.js';
import { type ChainedEvent, type ChainHead, emptyChain, eventHash } from '../audit-chain.rules.js';
import { type ChainProblem, ChainVerifier } from './chain-verifier.rules.js';

const writerId = '33333333-3333-4333-8333-333333333333';
const another = '44444444-4444-4444-8444-444444444444';

function verify(events: readonly ChainedEvent[], head: ChainHead | null): ChainProblem[] {
  const verifier = new ChainVerifier(writerId, head);
  const inOrder = [...events].sort((one, other) => one.sequence - other.sequence);
  return [...inOrder.flatMap((event) => verifier.accept(event)), ...verifier.finish()];
}

const faults = (problems: readonly ChainProblem[]) => problems.map(({ fault, sequence }) => `${fault} ${sequence}`);

const anyChain = fc.array(anyRecord, { minLength: 1, maxLength: 8 }).map((records) => chainOf(writerId, records));

/** A chain and one of its events. */
const anyChainAndIndex = anyChain.chain((chain) =>
  fc.record({ chain: fc.constant(chain), index: fc.nat(chain.events.length - 1) }),
);

const restamped = (event: ChainedEvent): ChainedEvent => ({ ...event, hash: eventHash(event, event) });

/** A chain of five whose events can be told apart. */
const records = fc.sample(anyRecord, { numRuns: 5, seed: 7 }).map((record, index) => ({
  ...record,
  action: `action-${index + 1}`,
}));
const five = chainOf(writerId, records);
const changed = (sequence: number, change: Partial<ChainedEvent>) =>
  five.events.map((event) => (event.sequence === sequence ? { ...event, ...change } : event));
const without = (...sequences: number[]) => five.events.filter(({ sequence }) => !sequences.includes(sequence));
const eventOf = (sequence: number): ChainedEvent => {
  const event = five.events[sequence - 1];
  if (event === undefined) throw new RangeError(`There is no event ${sequence}.`);
  return event;
};

describe('a chain nobody touched', () => {
  it('has no problem', () => {
    fc.assert(
      fc.property(anyChain, ({ head, events }) => {
        expect(verify(events, head)).toEqual([]);
      }),
    );
    expect(verify([], emptyChain)).toEqual([]);
    expect(verify([], null)).toEqual([]);
  });
});

describe('any single change', () => {
  it('of any field of any event is found', () => {
    const fields = Object.keys(eventOf(1)) as (keyof ChainedEvent)[];
    const values = fc.oneof(fc.string(), fc.integer(), fc.constant(null));
    fc.assert(
      fc.property(anyChainAndIndex, fc.constantFrom(...fields), values, ({ chain, index }, field, value) => {
        const events = chain.events.map((event, at) => (at === index ? { ...event, [field]: value } : event));
        fc.pre(typeof events[index]?.sequence === 'number' && chain.events[index]?.[field] !== value);
        expect(verify(events, chain.head)).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('by the removal of events is found, wherever they were', () => {
    fc.assert(
      fc.property(anyChain, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), ({ events, head }, kept) => {
        const left = events.filter((_, at) => kept[at]);
        fc.pre(left.length < events.length);
        expect(verify(left, head).some(({ fault }) => fault === 'REMOVED')).toBe(true);
      }),
    );
  });

  it('by events that change places is found', () => {
    fc.assert(
      fc.property(anyChainAndIndex, fc.nat(7), ({ chain, index }, other) => {
        const [one, two] = [chain.events[index], chain.events[other % chain.events.length]];
        fc.pre(one !== undefined && two !== undefined && one !== two);
        const swapped = chain.events.map((event) => {
          if (event === one) return { ...event, sequence: two.sequence };
          return event === two ? { ...event, sequence: one.sequence } : event;
        });
        const found = verify(swapped, chain.head).map(({ fault }) => fault);
        expect(found).toEqual(['REORDERED', 'REORDERED']);
      }),
    );
  });

  it('by an inserted event is found, also one with fitting hashes', () => {
    fc.assert(
      fc.property(anyChainAndIndex, anyRecord, fc.boolean(), ({ chain, index }, record, behindAll) => {
        const place = behindAll ? chain.events.length : index;
        const previousHash = chain.events[place - 1]?.hash ?? emptyChain.hash;
        const forged = restamped({ ...record, writerId, sequence: place + 1, previousHash, hash: '' });
        const moved = chain.events.slice(place).map((event) => ({ ...event, sequence: event.sequence + 1 }));
        const found = verify([...chain.events.slice(0, place), forged, ...moved], chain.head);
        expect(found).not.toEqual([]);
      }),
    );
  });
});

describe('what is wrong is named', () => {
  it.each([
    ['an edited field', changed(3, { action: 'other' }), ['EDITED 3']],
    ['an edited hash', changed(3, { hash: 'f'.repeat(64) }), ['EDITED 3']],
    ['an edited field with a new hash', [...without(3), restamped({ ...eventOf(3), action: 'x' })], ['EDITED 4']],
    [
      'an edited last event with a new hash',
      [...without(5), restamped({ ...eventOf(5), action: 'x' })],
      ['HEAD_MISMATCH 5'],
    ],
    ['an event in the middle removed', without(3), ['REMOVED 3']],
    ['the first events removed', without(1, 2), ['REMOVED 1']],
    ['the last events removed', without(4, 5), ['REMOVED 4']],
    ['two gaps', without(2, 4), ['REMOVED 2', 'REMOVED 4']],
    ['everything removed', [], ['REMOVED 1']],
    ['an event far behind the head', [...five.events, restamped({ ...eventOf(5), sequence: 9 })], ['INSERTED 9']],
    ['an event before the first', [...five.events, restamped({ ...eventOf(1), sequence: 0 })], ['INSERTED 0']],
    ['the last event moved behind the head', changed(5, { sequence: 7 }), ['REORDERED 7', 'REMOVED 5']],
    ['an event moved from another chain', changed(2, { writerId: another }), ['EDITED 2']],
  ])('%s', (_, events, expected) => {
    expect(faults(verify(events, five.head))).toEqual(expected);
  });

  it('a head that was removed, set back or replaced', () => {
    expect(faults(verify(five.events, null))).toEqual(['HEAD_MISMATCH 5']);
    expect(faults(verify(five.events, { sequence: 3, hash: eventOf(3).hash }))).toEqual(['INSERTED 4', 'INSERTED 5']);
    expect(faults(verify(five.events, { ...five.head, hash: 'e'.repeat(64) }))).toEqual(['HEAD_MISMATCH 5']);
    expect(faults(verify([], { sequence: 0, hash: 'e'.repeat(64) }))).toEqual(['HEAD_MISMATCH 0']);
  });

  it('with the writer, the row and words', () => {
    expect(verify(changed(3, { action: 'other' }), five.head)).toEqual([
      {
        fault: 'EDITED',
        writerId,
        sequence: 3,
        eventId: eventOf(3).id,
        explanation: 'The event does not fit its hash: a field of it was changed.',
      },
    ]);
    expect(verify(without(2, 3), five.head)).toMatchObject([
      { eventId: null, explanation: 'Events 2 to 3 were removed.' },
    ]);
  });
});
