import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepers, type Placeable, placed } from './placement.rules.js';

const executor = (id: string, effectiveDevice = 'cpu', mayRun = true): Placeable => ({
  id,
  effectiveDevice,
  mayRun: () => mayRun,
});
const ids = (executors: readonly Placeable[]) => executors.map(({ id }) => id);

const fleets = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 6 }), fc.nat(3)), {
    selector: ([slot]) => slot,
    maxLength: 12,
  })
  .map((slots) => slots.map(([slot, generation]) => executor(`${slot}.${generation}`)));
const counts = fc.integer({ min: 1, max: 6 });

describe('placed', () => {
  it('chooses the same ones whoever asks, and no more than so many', () => {
    fc.assert(
      fc.property(fleets, fc.string(), counts, (fleet, digest, maxInstances) => {
        const chosen = placed(fleet, digest, { maxInstances });
        expect(chosen).toHaveLength(Math.min(maxInstances, fleet.length));
        expect(new Set(ids(placed(fleet.toReversed(), digest, { maxInstances })))).toEqual(new Set(ids(chosen)));
      }),
    );
  });

  it('moves a model only from an executor that left', () => {
    fc.assert(
      fc.property(fleets, fc.string(), counts, (fleet, digest, maxInstances) => {
        const before = ids(placed(fleet, digest, { maxInstances }));
        const after = ids(placed(fleet.slice(1), digest, { maxInstances }));
        for (const id of before) if (id !== fleet[0]?.id) expect(after).toContain(id);
      }),
    );
  });

  it('hands a model on to the executor that takes the place of another', () => {
    const fleet = ['a.1', 'b.1', 'c.1', 'd.1'].map((id) => executor(id));
    const [before] = ids(placed(fleet, 'model', { maxInstances: 1 }));
    const slot = before?.split('.')[0] ?? '';
    const replaced = fleet.map((one) => (one.id === before ? executor(`${slot}.2`) : one));
    expect(ids(placed(replaced, 'model', { maxInstances: 1 }))).toEqual([`${slot}.2`]);
  });

  it('spreads models over executors', () => {
    const fleet = Array.from({ length: 8 }, (_, index) => executor(`host-${index}.1`));
    const chosen = Array.from(
      { length: 400 },
      (_, index) => ids(placed(fleet, `model ${index}`, { maxInstances: 1 }))[0],
    );
    for (const { id } of fleet) expect(chosen.filter((other) => other === id).length).toBeGreaterThan(20);
  });

  it('goes by the device, falls back where it is only preferred, and never to a host that refuses the model', () => {
    const fleet = [executor('a.1'), executor('b.1', 'cuda:1'), executor('c.1', 'cuda:0', false)];
    expect(ids(placed(fleet, 'model', { device: 'CUDA', isDeviceRequired: true }))).toEqual(['b.1']);
    expect(ids(placed(fleet, 'model', { device: 'CPU' }))).toEqual(['a.1']);
    expect(ids(placed(fleet.slice(0, 1), 'model', { device: 'CUDA' }))).toEqual(['a.1']);
    expect(placed(fleet.slice(0, 1), 'model', { device: 'CUDA', isDeviceRequired: true })).toEqual([]);
    expect(ids(placed(fleet, 'model', {}))).toEqual(['a.1', 'b.1']);
  });
});

describe('keepers', () => {
  it('are some of those that may run a model: one unless the policy says otherwise', () => {
    fc.assert(
      fc.property(fleets, fc.string(), counts, counts, (fleet, digest, one, other) => {
        const [minInstances, maxInstances] = [Math.min(one, other), Math.max(one, other)];
        const all = ids(placed(fleet, digest, { maxInstances }));
        const kept = ids(keepers(fleet, digest, { minInstances, maxInstances }));
        expect(kept).toHaveLength(Math.min(minInstances, fleet.length));
        for (const id of kept) expect(all).toContain(id);
        expect(keepers(fleet, digest, {})).toHaveLength(Math.min(1, fleet.length));
      }),
    );
  });
});
