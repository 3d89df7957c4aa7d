import { describe, expect, it } from 'vitest';
import type { ServedFile } from '../../registry/serving/served-file.js';
import type { Placeable } from '../client/placement.rules.js';
import { filePlans, ordersFor } from './file-plan.rules.js';

const file = (digest: string, more: Partial<ServedFile> = {}): ServedFile => ({
  digest: `sha256:${digest}`,
  sizeBytes: 10,
  residency: 'ON_DEMAND',
  placement: {},
  warmUp: [],
  revision: 1,
  ...more,
});
const sample = (name: string) => ({ name, kind: 'ZEROS', rows: 1 }) as const;
const executors: readonly Placeable[] = ['a.1', 'b.1', 'c.1'].map((id) => ({
  id,
  effectiveDevice: 'cpu',
  mayRun: () => true,
}));

describe('filePlans', () => {
  it('refuses a file only where every version that holds it was unloaded', () => {
    const plans = filePlans([
      file('one', { residency: 'UNLOADED' }),
      file('one', { residency: 'UNLOADED', revision: 4 }),
      file('two', { residency: 'UNLOADED' }),
      file('two'),
    ]);
    expect(plans.map(({ digest, isRefused, revision }) => [digest, isRefused, revision])).toEqual([
      ['one', true, 5],
      ['two', false, 2],
    ]);
  });

  it('keeps a file where one version wants it, and warms it up for all of them', () => {
    const loaded = file('one', { residency: 'LOADED', placement: { minInstances: 2 }, warmUp: [sample('x')] });
    const [plan] = filePlans([loaded, file('one', { warmUp: [sample('y')], placement: { minInstances: 9 } })]);
    expect(plan?.placements).toEqual([{ minInstances: 2 }]);
    expect(plan?.warmUp.map(({ name }) => name)).toEqual(['x', 'y']);
  });
});

describe('ordersFor', () => {
  it('gives each file to so many executors, and all of them what to refuse', () => {
    const plans = filePlans([
      file('one', { residency: 'LOADED' }),
      file('two', { residency: 'LOADED', placement: { minInstances: 2 } }),
      file('three', { residency: 'UNLOADED' }),
      file('four'),
    ]);
    const orders = executors.map(({ id }) => ordersFor(id, executors, plans));
    const keepersOf = (digest: string) =>
      orders.filter(({ residents }) => residents.some((one) => one.digest === digest));
    expect(['one', 'two', 'three', 'four'].map((digest) => keepersOf(digest).length)).toEqual([1, 2, 0, 0]);
    expect(orders.map(({ refused }) => refused)).toEqual(orders.map(() => ['three']));
    expect(ordersFor('stranger.1', executors, plans).residents).toEqual([]);
  });
});
