import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Datatype, DATATYPES } from '../../../common/tensor/datatypes.js';
import { elementsOf } from '../../../common/tensor/tensor-json.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';
import { readTensors } from './tensors.rules.js';

const inputs: readonly TensorSpec[] = [
  { name: 'INPUT0', datatype: 'INT32', shape: [-1, 4] },
  { name: 'INPUT1', datatype: 'FP32', shape: [2] },
];
const good = () => [
  { name: 'INPUT0', datatype: 'INT32', shape: [1, 4], data: [1, 2, 3, 4] as unknown },
  { name: 'INPUT1', datatype: 'FP32', shape: [2], data: [0.5, -1] as unknown },
];

function refusal(given: unknown, specs = inputs, limit = 100): CodedError {
  try {
    readTensors(specs, given, limit);
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const specOf = (datatype: Datatype): readonly TensorSpec[] => [{ name: 'x', datatype, shape: [-1, 2] }];

describe('readTensors', () => {
  it("decodes JSON and base64 alike and answers in the model's order", () => {
    const base64 = Buffer.from(new Int32Array([1, 2, 3, 4]).buffer).toString('base64');
    const [first, second] = readTensors(
      inputs,
      [good()[1], { name: 'INPUT0', datatype: 'INT32', shape: [1, 4], data: null, base64 }],
      100,
    );
    expect([first?.name, second?.name]).toEqual(['INPUT0', 'INPUT1']);
    expect(first && elementsOf(first)).toEqual([1, 2, 3, 4]);
    expect(second && elementsOf(second)).toEqual([0.5, -1]);
  });

  const [first, second] = good();
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['no list', {}, /^inputs: give a list/],
    ['an item that is no object', [7], /^inputs\[0\]: give an object/],
    ['an item without a name', [{ ...first, name: '' }], /^inputs\[0\]: has no name.*INPUT0 \(INT32/],
    ['an unknown name', [{ ...first, name: 'x' }, second], /"x" is not an input of the model, which takes INPUT0/],
    ['a name twice', [first, first, second], /"INPUT0" is given twice/],
    ['a missing input', [first], /"INPUT1" is missing; the model takes/],
    ['another datatype', [{ ...first, datatype: 'INT64' }, second], /"INT64"; the model expects INT32/],
    ['no datatype', [{ ...first, datatype: undefined }, second], /datatype nothing; the model expects INT32/],
    ['no shape', [{ ...first, shape: 4 }, second], /needs a shape.*expects \[-1, 4\], where −1 is any number from 1/],
    ['too many dimensions', [{ ...first, shape: Array(33).fill(1) }, second], /needs a shape/],
    ['a negative dimension', [{ ...first, shape: [-1, 4] }, second], /not a whole number of 0 or more/],
    ['a broken dimension', [{ ...first, shape: [1.5, 4] }, second], /not a whole number of 0 or more/],
    ['another rank', [{ ...first, shape: [4] }, second], /has the shape \[4\]; the model expects \[-1, 4\]/],
    ['another fixed dimension', [{ ...first, shape: [1, 5] }, second], /has the shape \[1,5\]/],
    ['an empty batch', [{ ...first, shape: [0, 4], data: [] }, second], /has the shape \[0,4\]/],
    ['a shape beyond 2^53', [{ ...first, shape: [2 ** 52, 4] }, second], /too large/],
    ['data and base64', [{ ...first, base64: '' }, second], /both data and base64/],
    ['neither', [{ ...first, data: undefined }, second], /neither data nor base64/],
    ['base64 that is no text', [{ ...first, data: null, base64: 7 }, second], /base64 that is not a string/],
    ['base64 that is malformed', [{ ...first, data: null, base64: '%%%%' }, second], /malformed/],
    ['base64 of another length', [{ ...first, data: null, base64: 'AAAA' }, second], /3 bytes.*takes 16/],
    ['too few elements', [{ ...first, data: [1, 2, 3] }, second], /3 elements.*takes 4/],
    ['too many elements', [{ ...first, data: [1, 2, 3, 4, 5] }, second], /5 elements.*takes 4/],
    ['an element of another type', [{ ...first, data: [1, 2, 3, 'x'] }, second], /"x" as element 3/],
    ['an element that is null', [first, { ...second, data: [1, null] }], /null as element 1/],
  ];
  it.each(cases)('refuses %s', (_, given, message) => {
    const error = refusal(given);
    expect(error.code).toBe('INVALID_TENSOR');
    expect(error.message).toMatch(message);
  });

  it('refuses JSON above its limit and says what to do instead, but takes base64 of any size', () => {
    const specs: readonly TensorSpec[] = [{ name: 'x', datatype: 'UINT8', shape: [-1] }];
    const error = refusal([{ name: 'x', datatype: 'UINT8', shape: [5], data: [1, 2, 3, 4, 5] }], specs, 4);
    expect(error.code).toBe('TENSOR_TOO_LARGE');
    expect(error.message).toMatch(/as JSON at most 4.*base64/);
    expect(readTensors(specs, [{ name: 'x', datatype: 'UINT8', shape: [5], base64: 'AAAAAAA=' }], 4)).toHaveLength(1);
  });

  it('repeats only the beginning of a long name', () => {
    expect(refusal([{ name: 'n'.repeat(1_000) }]).message.length).toBeLessThan(200);
  });

  it('answers any JSON with tensors that fit, or a coded error', () => {
    const tensorish = fc.record(
      {
        name: fc.oneof(fc.constant('x'), fc.jsonValue()),
        datatype: fc.oneof(fc.constantFrom(...DATATYPES), fc.jsonValue()),
        shape: fc.oneof(fc.tuple(fc.nat(3), fc.constant(2)), fc.array(fc.integer()), fc.jsonValue()),
        data: fc.oneof(fc.array(fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.string())), fc.jsonValue()),
        base64: fc.oneof(fc.base64String(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...DATATYPES), fc.oneof(fc.array(tensorish), fc.jsonValue()), (datatype, given) => {
        try {
          const [tensor] = readTensors(specOf(datatype), given, 64);
          expect(tensor?.datatype).toBe(datatype);
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
