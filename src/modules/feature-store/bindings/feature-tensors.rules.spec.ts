import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATATYPES, type Datatype } from '../../../common/tensor/datatypes.js';
import { elementsOf } from '../../../common/tensor/tensor-json.js';
import type { ModelMetadata } from '../../registry/model-metadata.js';
import { valueTypes } from '../value-types.js';
import { canFill, elementOf } from './feature-fit.rules.js';
import { featureTensors } from './feature-tensors.rules.js';
import type { CompleteValues } from './missing-features.rules.js';

function tensorOf(datatype: Datatype, values: CompleteValues, metadata: ModelMetadata = {}) {
  const signature = { inputs: [{ name: 'x', datatype, shape: [-1] }], outputs: [] };
  const [tensor] = featureTensors(
    { signature, metadata },
    [{ tensor: 'x', features: ['f'] }],
    new Map([['f', values]]),
    values.length,
  );
  return tensor === undefined ? [] : elementsOf(tensor);
}

describe('featureTensors', () => {
  it('lays features beside each other in the order of the binding, a row for each entity', () => {
    const inputs = [
      { name: 'x', datatype: 'FP32', shape: [-1, 2] },
      { name: 'city', datatype: 'BYTES', shape: [-1, 1] },
    ] as const;
    const values = new Map<string, CompleteValues>([
      ['a', [1, 2]],
      ['b', [true, false]],
      ['city', ['Bern', 'Köln']],
    ]);
    const bound = [
      { tensor: 'x', features: ['b', 'a'] },
      { tensor: 'city', features: ['city'] },
    ];
    const tensors = featureTensors({ signature: { inputs, outputs: [] }, metadata: {} }, bound, values, 2);
    expect(tensors.map((tensor) => ({ ...tensor, data: elementsOf(tensor) }))).toEqual([
      { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 1, 0, 2] },
      { name: 'city', datatype: 'BYTES', shape: [2, 1], data: ['Bern', 'Köln'] },
    ]);
  });

  it('scales numbers as those of records', () => {
    const metadata = { preprocessing: { scale: 0.5, offset: 1 } };
    expect(tensorOf('FP64', [4, -2], metadata)).toEqual([3, 0]);
    expect(tensorOf('FP64', [true], metadata)).toEqual([1]);
  });

  it('keeps what is no finite number, as models may know what to do with it', () => {
    expect(tensorOf('FP32', [NaN, Infinity, -Infinity])).toEqual(['NaN', 'Infinity', '-Infinity']);
  });

  it('keeps all integers of 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(tensorOf('INT64', [value]).map(BigInt)).toEqual([value]);
      }),
    );
  });

  it('refuses a value that the datatype does not hold, naming entity and feature', () => {
    expect(() => tensorOf('UINT8', [1, 300])).toThrow(
      'entities[1]: feature f is 300; input x takes UINT8 from 0 to 255.',
    );
    expect(() => tensorOf('UINT64', [-1n])).toThrow(/feature f is -1/);
    expect(() => tensorOf('FP16', [70_000])).toThrow(/takes FP16 from -65504 to 65504/);
  });

  it('refuses a number of entities that the model does not take', () => {
    const signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1] }], outputs: [] } as const;
    const values = new Map([['f', [1, 2]]]);
    expect(() => featureTensors({ signature, metadata: {} }, [{ tensor: 'x', features: ['f'] }], values, 2)).toThrow(
      'entities: has 2; the model takes exactly 1 at a time.',
    );
  });
});

describe('what fills what', () => {
  it('never lets a type in whose values are all refused', () => {
    const samples = { STRING: 'a', JSON: '{}', INT64: 1, FLOAT64: 1.5, BOOLEAN: true, TIMESTAMP: 1.5 } as const;
    for (const datatype of DATATYPES) {
      for (const type of valueTypes) {
        if (canFill(type, datatype))
          expect([type, datatype, elementOf(samples[type], datatype)]).not.toContain(undefined);
      }
      expect(canFill('TIMESTAMP', datatype)).toBe(false);
    }
  });

  it('never makes a text of a number, nor a number of a text or a fraction', () => {
    expect(elementOf(1, 'BYTES')).toBeUndefined();
    expect(elementOf('1', 'FP32')).toBeUndefined();
    expect(elementOf(1.5, 'INT32')).toBeUndefined();
    expect(elementOf(NaN, 'INT32')).toBeUndefined();
    expect(elementOf(1, 'BOOL')).toBeUndefined();
  });
});
