import { describe, expect, it } from 'vitest';
import { CodedError } from '../../common/errors/coded-error.js';
import type { Variant } from './variant.js';
import { assertLogging, assertSameInputs, assertVariants, championOf, promoted } from './variants.rules.js';

const variant = (name: string, changes: Partial<Variant> = {}): Variant => ({
  name,
  role: 'CHALLENGER',
  model: 'iris',
  version: 1,
  weight: 10,
  ...changes,
});
const champion = variant('main', { role: 'CHAMPION', weight: 90 });
const shadow = variant('dark', { role: 'SHADOW', weight: 0 });

function refusal(action: () => unknown): CodedError {
  try {
    action();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('assertVariants', () => {
  it('takes one champion with challengers and shadows', () => {
    assertVariants([champion]);
    assertVariants([champion, variant('rival'), shadow]);
    assertVariants([{ ...champion, weight: 0 }, variant('rival')]);
  });

  it.each<[string, readonly Variant[], RegExp]>([
    ['no champion', [variant('rival')], /0 champions/],
    ['two champions', [champion, { ...champion, name: 'other' }], /2 champions/],
    ['a name twice', [champion, variant('main')], /name of its own/],
    ['a negative weight', [champion, variant('rival', { weight: -1 })], /"rival" must be 0 or more/],
    ['a weight that is no number', [{ ...champion, weight: NaN }], /must be 0 or more/],
    ['an endless weight', [{ ...champion, weight: Infinity }], /must be 0 or more/],
    ['weights beyond all numbers', [{ ...champion, weight: 1e308 }, variant('rival', { weight: 1e308 })], /add up/],
    ['a shadow with weight', [champion, { ...shadow, weight: 1 }], /shadow/],
    ['no weight at all', [{ ...champion, weight: 0 }, shadow], /more than 0/],
    ['nine variants', [champion, ...Array.from({ length: 8 }, (_, index) => variant(`v${index}`))], /at most 8/],
  ])('refuses %s', (_, variants, message) => {
    const error = refusal(() => assertVariants(variants));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(message);
  });
});

describe('assertLogging', () => {
  it('takes rates from 0 to 1', () => {
    for (const sampleRate of [0, 0.5, 1]) assertLogging({ sampleRate, keepPayloads: false });
    for (const sampleRate of [-0.1, 1.1, NaN]) {
      expect(refusal(() => assertLogging({ sampleRate, keepPayloads: false })).code).toBe('INVALID_INPUT');
    }
  });
});

describe('assertSameInputs', () => {
  const x = { name: 'x', datatype: 'FP32', shape: [-1, 4] } as const;
  const y = { name: 'y', datatype: 'INT32', shape: [-1] } as const;
  const check = (inputs: Parameters<typeof assertSameInputs>[3]) =>
    assertSameInputs(champion, [x, y], variant('rival'), inputs);

  it('takes the same inputs, in any order and of other sizes', () => {
    check([y, { ...x, shape: [1, 4] }]);
  });

  it('refuses another name, datatype or number of dimensions', () => {
    for (const inputs of [
      [x],
      [x, { ...y, name: 'z' }],
      [x, { ...y, datatype: 'INT64' as const }],
      [{ ...x, shape: [4] }, y],
    ]) {
      expect(refusal(() => check(inputs)).message).toMatch(/"rival" takes .*"main" takes x FP32/);
    }
  });
});

describe('promoted', () => {
  it('makes the winner the champion with all of the traffic and lets its rivals leave', () => {
    const variants = [champion, variant('rival', { version: 2 }), variant('other'), shadow];
    expect(promoted(variants, 'rival')).toEqual([
      variant('rival', { version: 2, role: 'CHAMPION', weight: 100 }),
      shadow,
    ]);
    expect(promoted(variants, 'dark')).toEqual([{ ...shadow, role: 'CHAMPION', weight: 100 }]);
    expect(promoted(variants, 'main')).toEqual([{ ...champion, weight: 100 }, shadow]);
  });

  it('refuses a variant that is not there, and a champion without a challenger', () => {
    expect(refusal(() => promoted([champion], 'nobody'))).toMatchObject({ code: 'NOT_FOUND' });
    expect(refusal(() => promoted([champion, shadow], 'main'))).toMatchObject({ code: 'CONFLICT' });
  });
});

describe('championOf', () => {
  it('finds it, and does not go on without', () => {
    expect(championOf([shadow, champion])).toBe(champion);
    expect(() => championOf([shadow])).toThrow(TypeError);
  });
});
