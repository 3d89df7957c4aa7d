import { describe, expect, it } from 'vitest';
import type { Datatype } from '../../../../common/tensor/datatypes.js';
import type { ModelContract } from '../../prediction/model-contract.js';
import { modelColumns, recordOf, valueOfText } from './column-values.rules.js';

describe('valueOfText', () => {
  const cases: readonly (readonly [Datatype, string, unknown])[] = [
    ['FP32', '5.1', 5.1],
    ['FP32', ' -1e-3 ', -0.001],
    ['FP64', '.5', 0.5],
    ['FP32', 'abc', 'abc'],
    ['FP32', 'NaN', 'NaN'],
    ['FP32', '0x10', '0x10'],
    ['FP32', '1,5', '1,5'],
    ['INT32', '7', 7],
    ['INT64', '7', 7],
    ['INT64', '9007199254740993', '9007199254740993'],
    ['INT64', 'x', 'x'],
    ['BOOL', 'True', true],
    ['BOOL', 'false', false],
    ['BOOL', '1', '1'],
    ['BYTES', '007', '007'],
  ];
  it.each(cases)('%s takes %j for %j', (datatype, text, value) => {
    expect(valueOfText(datatype, text)).toBe(value);
  });
});

describe('recordOf', () => {
  const columns = new Map<string, Datatype>([
    ['a', 'FP32'],
    ['b', 'BYTES'],
  ]);

  it('takes the columns of the model and leaves the others', () => {
    expect(recordOf(columns, { a: '1', b: '2', id: '3' }, true)).toEqual({ a: 1, b: '2' });
    expect(recordOf(columns, { a: '1', b: 2, id: 3 }, false)).toEqual({ a: '1', b: 2 });
  });

  it('takes an empty text for missing where the column takes no texts', () => {
    expect(recordOf(columns, { a: '', b: '' }, true)).toEqual({ b: '' });
    expect(recordOf(columns, { a: null }, false)).toEqual({ a: null });
  });
});

describe('modelColumns', () => {
  it('are the input columns, or the inputs that take one value a row', () => {
    const input = { name: 'x', datatype: 'FP32', shape: [-1, 2] } as const;
    const model: ModelContract = {
      signature: { inputs: [input], outputs: [] },
      metadata: { inputColumns: ['left', 'right'] },
    };
    expect([...modelColumns(model)]).toEqual([
      ['left', 'FP32'],
      ['right', 'FP32'],
    ]);
    expect(() => modelColumns({ ...model, metadata: {} })).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }));
  });
});
