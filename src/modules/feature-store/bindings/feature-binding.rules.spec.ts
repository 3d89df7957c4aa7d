import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelMetadata } from '../../registry/model-metadata.js';
import type { BoundTensor } from '../../registry/serving/feature-binding.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';
import type { TypedColumn } from '../value-types.js';
import { boundTensors } from './feature-binding.rules.js';

const input = (name: string, shape: readonly number[], datatype: TensorSpec['datatype'] = 'FP32'): TensorSpec => ({
  name,
  datatype,
  shape,
});

const model = (inputs: readonly TensorSpec[], metadata: ModelMetadata = {}) => ({
  signature: { inputs, outputs: [] },
  metadata,
});

const floats = (...names: string[]): TypedColumn[] => names.map((name) => ({ name, type: 'FLOAT64' }));

const bind = (
  inputs: readonly TensorSpec[],
  features: readonly TypedColumn[],
  given: readonly BoundTensor[] | null = null,
  metadata: ModelMetadata = {},
) => boundTensors(model(inputs, metadata), features, given);

describe('boundTensors, by default', () => {
  it("fills the columns of the one input with the service's features in order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 }), (names) => {
        for (const width of [names.length, -1]) {
          expect(bind([input('x', [-1, width])], floats(...names))).toEqual([{ tensor: 'x', features: names }]);
        }
      }),
    );
    expect(bind([input('x', [-1])], floats('a'))).toEqual([{ tensor: 'x', features: ['a'] }]);
  });

  it('goes by name where the model names its columns', () => {
    const metadata = { inputColumns: ['b', 'a'] };
    expect(bind([input('x', [-1, 2])], floats('a', 'b'), null, metadata)).toEqual([
      { tensor: 'x', features: ['b', 'a'] },
    ]);
    expect(() => bind([input('x', [-1, 2])], floats('a', 'c'), null, metadata)).toThrow(
      /Columns without a feature: b\. Features without a column: c\./,
    );
  });

  it('fills several inputs by the features of their names, and leaves none over', () => {
    const inputs = [input('b', [-1, 1]), input('a', [-1]), input('c', [-1, -1])];
    expect(bind(inputs, floats('a', 'b', 'c'))).toEqual([
      { tensor: 'b', features: ['b'] },
      { tensor: 'a', features: ['a'] },
      { tensor: 'c', features: ['c'] },
    ]);
    expect(() => bind(inputs, floats('a', 'b', 'd'))).toThrow(
      /Inputs without a feature: c\. Features without an input: d\./,
    );
  });
});

describe('boundTensors, as given', () => {
  it('takes features in the given order, each input once', () => {
    const inputs = [input('x', [-1, 2]), input('y', [-1])];
    const given = [
      { tensor: 'y', features: ['a'] },
      { tensor: 'x', features: ['b', 'a'] },
    ];
    expect(bind(inputs, floats('a', 'b', 'unused'), given)).toEqual([given[1], given[0]]);
  });

  it.each<[string, readonly BoundTensor[], RegExp]>([
    ['an unknown input', [{ tensor: 'z', features: ['a'] }], /^inputs\.z: the model has no such input; it has x, y\.$/],
    ['a missing input', [{ tensor: 'x', features: ['a', 'b'] }], /^inputs\.y: is missing/],
    [
      'an input that is given twice',
      [
        { tensor: 'x', features: ['a', 'b'] },
        { tensor: 'x', features: ['b', 'a'] },
      ],
      /^inputs\.x: is given twice/,
    ],
    [
      'an unknown feature',
      [
        { tensor: 'x', features: ['a', 'q'] },
        { tensor: 'y', features: ['a'] },
      ],
      /^inputs\.x: the service has no feature q; it has a, b\.$/,
    ],
    [
      'the wrong number of columns',
      [
        { tensor: 'x', features: ['a'] },
        { tensor: 'y', features: ['a'] },
      ],
      /^inputs\.x: the input has the shape \[-1, 2\], which 2 features fill, not 1\.$/,
    ],
    [
      'more than a column takes',
      [
        { tensor: 'x', features: ['a', 'b'] },
        { tensor: 'y', features: ['a', 'b'] },
      ],
      /^inputs\.y: the input has the shape \[-1\], which one feature fills, not 2\.$/,
    ],
  ])('refuses %s', (_, given, message) => {
    expect(() => bind([input('x', [-1, 2]), input('y', [-1])], floats('a', 'b'), given)).toThrow(message);
  });

  it('refuses inputs that are no rows, and those without features', () => {
    expect(() => bind([input('image', [-1, 3, 8, 8])], floats('a'))).toThrow(/inputs of the shape \[rows\]/);
    expect(() => bind([input('x', [])], floats('a'))).toThrow(/has the shape \[\]/);
    expect(() => bind([input('x', [-1, -1])], floats('a'), [{ tensor: 'x', features: [] }])).toThrow(/at least one/);
  });

  it('refuses features whose type the datatype does not hold', () => {
    const text: TypedColumn[] = [{ name: 'city', type: 'STRING' }];
    expect(() => bind([input('x', [-1, 1])], text)).toThrow(/feature city is STRING, which FP32 does not hold/);
    expect(bind([input('x', [-1, 1], 'BYTES')], text)).toHaveLength(1);
    expect(() => bind([input('x', [-1, 1], 'INT64')], floats('a'))).toThrow(/FLOAT64, which INT64/);
  });
});
