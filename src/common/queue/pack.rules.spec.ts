import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  inFrontOf,
  inPacks,
  MAX_PACK_TURNS,
  packsOf,
  queuePriority,
  turnsFromData,
  turnsToData,
} from './pack.rules.js';

const priorities = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 });
const itemsOf = (given: readonly number[]) =>
  given.map((priority) => ({ id: randomUUID(), generation: 1, delayMs: 0, priority }));

describe('inPacks', () => {
  it('leaves nothing out, mixes no priorities, fills packs in order and keeps them within their size', () => {
    fc.assert(
      fc.property(priorities, (given) => {
        const items = itemsOf(given);
        const packs = packsOf(inPacks(items, randomUUID));
        for (const priority of new Set(given)) {
          const mine = packs.filter((pack) => pack.priority === priority);
          const equals = items.filter((item) => item.priority === priority);
          expect(mine.flatMap(({ turns }) => turns.map(({ id }) => id))).toEqual(equals.map(({ id }) => id));
          expect(mine).toHaveLength(Math.ceil(equals.length / MAX_PACK_TURNS));
        }
        for (const { turns } of packs) expect(turns.length).toBeLessThanOrEqual(MAX_PACK_TURNS);
        expect(new Set(packs.map(({ id }) => id)).size).toBe(packs.length);
      }),
    );
  });

  it('lets a single one travel alone, by its own id', () => {
    const item = { id: randomUUID(), generation: 1, delayMs: 0, priority: 3 };
    const alone = inPacks([item], randomUUID);
    expect(alone).toEqual([{ ...item, pack: null }]);
    expect(packsOf(alone)).toMatchObject([{ id: `${item.id}-1`, priority: 3 }]);
  });
});

describe('the data of a queue job', () => {
  it('tells the turns that it was made of', () => {
    const turns = itemsOf([1, 2]).map(({ id, generation }) => ({ id, generation }));
    expect(turnsFromData(turnsToData(turns))).toEqual(turns);
    expect(turnsToData(turns.slice(0, 1))).toEqual(turns[0]);
    expect(turnsFromData(turnsToData(turns.slice(0, 1)))).toEqual(turns.slice(0, 1));
    for (const wrong of [{ turns: [] }, { turns: [{ id: 'x', generation: 1 }] }, {}, null]) {
      expect(() => turnsFromData(wrong)).toThrow();
    }
  });
});

describe('queuePriority', () => {
  it('takes high priorities first, and what was put back before its equals only', () => {
    const order = [9, 8, 1, 0].flatMap((priority) => [inFrontOf(queuePriority(priority)), queuePriority(priority)]);
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(new Set(order).size).toBe(8);
    expect(Math.min(...order)).toBeGreaterThan(0);
    expect(inFrontOf(inFrontOf(queuePriority(5)))).toBe(inFrontOf(queuePriority(5)));
  });
});
