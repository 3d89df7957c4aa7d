import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declaredView } from '../../../../../test/support/declared-views.js';
import { viewOrder } from './view-order.rules.js';

const reading = (name: string, ...read: string[]) =>
  declaredView({
    name,
    source: { kind: 'REQUEST', fields: [], features: read.map((view) => ({ view, version: null, features: ['x'] })) },
  });

describe('viewOrder', () => {
  it('puts each view after those that it reads, and leaves the others where they are', () => {
    const views = [reading('c', 'b', 'elsewhere'), reading('a'), reading('b', 'a'), reading('d')];
    expect(viewOrder(views)).toEqual({ order: [1, 2, 0, 3] });
    const upstream = declaredView({ name: 'x', source: { kind: 'FEATURE_VIEW', view: 'y', version: 1 } });
    expect(viewOrder([upstream, declaredView({ name: 'y' })])).toEqual({ order: [1, 0] });
  });

  it('finds circles, also of one view', () => {
    expect(viewOrder([reading('a', 'a')])).toEqual({ circle: ['a'], at: 0 });
    expect(viewOrder([reading('x', 'a'), reading('a', 'b'), reading('b', 'c'), reading('c', 'a')])).toEqual({
      circle: ['a', 'b', 'c'],
      at: 1,
    });
  });

  it('holds for any views without a circle, however long the row is', () => {
    const graph = fc.array(fc.array(fc.nat(19), { maxLength: 4 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (reads, chance) => {
        // Each reads only such as have a smaller number.
        const views = reads
          .map((read, index) =>
            reading(`v${index}`, ...read.filter((other) => other < index).map((other) => `v${other}`)),
          )
          .map((view) => ({ view, key: chance.next().value ?? 0 }))
          .sort((one, other) => one.key - other.key)
          .map(({ view }) => view);
        const ordered = viewOrder(views);
        if (!('order' in ordered)) throw new Error('There is no circle.');
        expect(new Set(ordered.order)).toEqual(new Set(views.keys()));
        const seen = new Set<string>();
        for (const index of ordered.order) {
          const { name, source } = views[index] ?? declaredView({});
          if (source.kind === 'REQUEST') for (const { view } of source.features) expect(seen).toContain(view);
          seen.add(name);
        }
      }),
    );
    const row = Array.from({ length: 1_000 }, (_, at) => reading(`v${at}`, ...(at === 999 ? [] : [`v${at + 1}`])));
    expect(viewOrder(row)).toEqual({ order: Array.from({ length: 1_000 }, (_, at) => 999 - at) });
  });
});
