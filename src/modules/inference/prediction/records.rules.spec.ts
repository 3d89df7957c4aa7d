import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Datatype, DATATYPES } from '../../../common/tensor/datatypes.js';
import { elementsOf } from '../../../common/tensor/tensor-json.js';
import type { ModelMetadata } from '../../registry/model-metadata.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';
import type { ModelContract } from './model-contract.js';
import { recordsToTensors } from './records.rules.js';

const contract = (inputs: readonly TensorSpec[], metadata: ModelMetadata = {}): ModelContract => ({
  signature: { inputs, outputs: [] },
  metadata,
});
const table = (datatype: Datatype, metadata: ModelMetadata = { inputColumns: ['a', 'b'] }, rows = -1): ModelContract =>
  contract([{ name: 'x', datatype, shape: [rows, 2] }], metadata);

function refusal(model: ModelContract, records: unknown, limit = 100): CodedError {
  try {
    recordsToTensors(model, records, limit);
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('recordsToTensors', () => {
  it('puts the fields in the order of the columns, one row a record', () => {
    const [tensor] = recordsToTensors(
      table('FP32'),
      [
        { b: 2, a: 1 },
        { a: 3, b: 4 },
      ],
      100,
    );
    expect(tensor?.shape).toEqual([2, 2]);
    expect(tensor && elementsOf(tensor)).toEqual([1, 2, 3, 4]);
  });

  it('scales and shifts all columns alike, or each by its own', () => {
    const scaled = table('FP32', { inputColumns: ['a', 'b'], preprocessing: { scale: [0.5, 2], offset: 1 } });
    const [tensor] = recordsToTensors(scaled, [{ a: 4, b: 4 }], 100);
    expect(tensor && elementsOf(tensor)).toEqual([3, 9]);
  });

  it('fills one input a field where the model has no columns but inputs of one value a row', () => {
    const model = contract([
      { name: 'age', datatype: 'INT64', shape: [-1, 1] },
      { name: 'city', datatype: 'BYTES', shape: [-1] },
      { name: 'member', datatype: 'BOOL', shape: [-1, -1] },
    ]);
    const tensors = recordsToTensors(model, [{ age: '9007199254740993', city: 'Köln', member: true }], 100);
    expect(tensors.map(({ shape }) => shape)).toEqual([[1, 1], [1], [1, 1]]);
    expect(tensors.map((tensor) => elementsOf(tensor)[0])).toEqual(['9007199254740993', 'Köln', true]);
  });

  const image = contract([{ name: 'image', datatype: 'FP32', shape: [-1, 1, 28, 28] }]);
  const two = contract(
    [
      { name: 'x', datatype: 'FP32', shape: [-1, 2] },
      { name: 'y', datatype: 'FP32', shape: [-1, 2] },
    ],
    { inputColumns: ['a', 'b'] },
  );
  const cases: readonly (readonly [string, ModelContract, unknown, RegExp])[] = [
    ['no list', table('FP32'), { a: 1 }, /^records: give a list/],
    ['an empty list', table('FP32'), [], /^records: give a list of at least one/],
    ['a record that is a list', table('FP32'), [[1, 2]], /^records\[0\]: is not an object/],
    ['a missing field', table('FP32'), [{ a: 1, b: 2 }, { a: 1 }], /^records\[1\]\.b: is missing/],
    ['a field too many', table('FP32'), [{ a: 1, b: 2, c: 3 }], /^records\[0\]\.c: the model has no such column/],
    ['text for a number', table('FP32'), [{ a: 1, b: '2' }], /^records\[0\]\.b: is "2"; it takes a number/],
    ['null', table('FP32'), [{ a: null, b: 2 }], /^records\[0\]\.a: is null/],
    ['a fraction for an integer', table('INT8'), [{ a: 1.5, b: 2 }], /takes a whole number from -128 to 127/],
    ['an integer out of range', table('UINT8'), [{ a: 256, b: 2 }], /from 0 to 255/],
    ['a 64-bit integer out of range', table('UINT64'), [{ a: '-1', b: 2 }], /decimal string from 0/],
    ['a fraction for a 64-bit integer', table('INT64'), [{ a: 1.5, b: 2 }], /decimal string/],
    ['a number that FP16 cannot hold', table('FP16'), [{ a: 1e6, b: 2 }], /from -65504 to 65504/],
    ['a number for a boolean', table('BOOL'), [{ a: 1, b: true }], /takes true or false\.$/],
    ['a number for text', table('BYTES'), [{ a: 1, b: 'x' }], /takes a string\.$/],
    ['a model without columns', image, [{ a: 1 }], /takes no records, as it has no input columns. Send inputs/],
    ['columns beside two inputs', two, [{ a: 1, b: 2 }], /do not make up the rows/],
    ['another number of rows than is fixed', table('FP32', undefined, 3), [{ a: 1, b: 2 }], /exactly 3 at a time/],
  ];
  it.each(cases)('refuses %s', (_, model, records, message) => {
    const error = refusal(model, records);
    expect(error.code).toBe('INVALID_RECORD');
    expect(error.message).toMatch(message);
  });

  it('refuses more values than are taken as JSON', () => {
    expect(
      refusal(
        table('FP32'),
        [
          { a: 1, b: 2 },
          { a: 1, b: 2 },
        ],
        3,
      ).code,
    ).toBe('TENSOR_TOO_LARGE');
  });

  it('keeps every value: records → tensor → records', () => {
    const record = fc.record({ a: fc.double({ noNaN: true, noDefaultInfinity: true }), b: fc.integer() });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const [tensor] = recordsToTensors(table('FP64'), records, 1_000);
        const elements = tensor === undefined ? [] : elementsOf(tensor);
        const back = records.map((_, row) => ({ a: elements[row * 2], b: elements[row * 2 + 1] }));
        expect(back).toEqual(records);
      }),
    );
  });

  it('answers any JSON with tensors or a coded error', () => {
    const models = DATATYPES.map((datatype) => table(datatype));
    const value = fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.string(), fc.jsonValue());
    const records = fc.oneof(fc.array(fc.record({ a: value, b: value }, { requiredKeys: [] })), fc.jsonValue());
    fc.assert(
      fc.property(fc.constantFrom(...models), records, (model, given) => {
        try {
          recordsToTensors(model, given, 64);
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
