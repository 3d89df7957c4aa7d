import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.js';
import { DATATYPES, type Datatype, datatypeFromOrt, datatypeTable, isDatatype } from './datatypes.js';
import { assertTensor, decodeStrings, elementArray, elementCount, encodeStrings } from './tensor.js';
import { elementsOf, type JsonElement, tensorFromJson } from './tensor-json.js';

const float = (is32: boolean): fc.Arbitrary<JsonElement> =>
  (is32 ? fc.float() : fc.double()).map((value) => (Number.isFinite(value) ? value : String(value)));
const bigInteger = (minimum: bigint, maximum: bigint): fc.Arbitrary<JsonElement> =>
  fc.bigInt({ min: minimum, max: maximum }).map((value) => {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  });

function elementOf(datatype: Datatype): fc.Arbitrary<JsonElement> {
  const { kind, minimum, maximum } = datatypeTable[datatype];
  if (kind === 'boolean') return fc.boolean();
  if (kind === 'string') return fc.string({ unit: 'grapheme' });
  if (datatype === 'FP16') return fc.integer({ min: -2048, max: 2048 });
  if (kind === 'float') return float(datatype === 'FP32');
  return kind === 'bigInteger'
    ? bigInteger(BigInt(minimum), BigInt(maximum))
    : fc.integer({ min: Number(minimum), max: Number(maximum) });
}

function nest(elements: readonly unknown[], shape: readonly number[]): unknown {
  const [first, ...rest] = shape;
  if (first === undefined) return elements[0];
  const size = elements.length / first;
  return Array.from({ length: first }, (_, index) => nest(elements.slice(index * size, (index + 1) * size), rest));
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CodedError && error.code === 'INVALID_TENSOR') return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('datatypes', () => {
  it('knows each by its name in ONNX Runtime', () => {
    for (const datatype of DATATYPES) expect(datatypeFromOrt(datatypeTable[datatype].ort)).toBe(datatype);
    expect(datatypeFromOrt('complex64')).toBeUndefined();
    expect(isDatatype('FP32')).toBe(true);
    expect(isDatatype('toString')).toBe(false);
    expect(isDatatype(3)).toBe(false);
  });
});

describe('tensors as JSON', () => {
  it.each(DATATYPES)('%s comes back as it went in, flat or nested', (datatype) => {
    const shaped = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
      .chain(([rows, columns]) =>
        fc.tuple(
          fc.constant([rows, columns]),
          fc.array(elementOf(datatype), { minLength: rows * columns, maxLength: rows * columns }),
        ),
      );
    fc.assert(
      fc.property(shaped, ([shape, elements]) => {
        const tensor = tensorFromJson('x', datatype, shape, elements);
        assertTensor(tensor);
        expect(elementsOf(tensor)).toEqual(elements);
        expect(tensorFromJson('x', datatype, shape, nest(elements, shape))).toEqual(tensor);
      }),
      { numRuns: 60 },
    );
  });

  it('takes a scalar with and without a list around it', () => {
    expect(elementsOf(tensorFromJson('x', 'INT8', [], 5))).toEqual([5]);
    expect(elementsOf(tensorFromJson('x', 'INT8', [], [5]))).toEqual([5]);
  });

  it('takes an empty tensor', () => {
    expect(elementsOf(tensorFromJson('x', 'FP32', [0, 4], []))).toEqual([]);
  });

  it.each<[Datatype, unknown]>([
    ['UINT8', 256],
    ['INT8', -129],
    ['INT32', 2 ** 31],
    ['INT32', 1.5],
    ['INT32', '5'],
    ['INT64', 2 ** 53],
    ['INT64', '9223372036854775808'],
    ['INT64', '1e3'],
    ['UINT64', -1],
    ['UINT64', true],
    ['FP16', 65_520],
    ['FP16', {}],
    ['FP32', 1e39],
    ['FP32', NaN],
    ['FP32', Infinity],
    ['FP32', null],
    ['FP32', '1'],
    ['FP32', 'toString'],
    ['FP64', undefined],
    ['BOOL', 1],
    ['BYTES', 1],
  ])('%s refuses %s and says where', (datatype, element) => {
    const good: JsonElement = datatype === 'BOOL' ? true : datatype === 'BYTES' ? 'a' : 1;
    expect(refusal(() => tensorFromJson('x', datatype, [2], [good, element]))).toMatch(
      /^Tensor "x" has .* as element 1;/,
    );
  });

  it('rounds to the nearest float instead of refusing what is written with fewer digits', () => {
    expect(elementsOf(tensorFromJson('x', 'FP32', [1], [3.4028235e38]))).toEqual([Math.fround(3.4028235e38)]);
  });

  it.each<[string, readonly number[], unknown]>([
    ['elements', [2, 2], [1, 2, 3]],
    ['elements', [3], []],
    ['not a list', [1], 5],
    ['not nested as', [2, 2], [[1, 2], [3]]],
    ['not nested as', [2, 2], [[1, 2], 3]],
    ['nested deeper', [2], [[1], [2]]],
    ['whole number', [-1], [1]],
    ['whole number', [1.5], [1]],
    ['too large', [2 ** 40, 2 ** 40], [1]],
    ['dimensions', Array.from({ length: 40 }, () => 1), [[1]]],
  ])('refuses data that has wrong %s', (reason, shape, json) => {
    expect(refusal(() => tensorFromJson('x', 'FP32', shape, json))).toContain(reason);
  });
});

describe('tensor bytes', () => {
  it('views aligned bytes and copies others', () => {
    const bytes = new Uint8Array(24);
    new Float64Array(bytes.buffer)[1] = 1.5;
    const aligned = elementArray({ name: 'x', datatype: 'FP64', shape: [1], data: bytes.subarray(8, 16) });
    expect([...aligned]).toEqual([1.5]);
    expect(aligned.buffer).toBe(bytes.buffer);
    const shifted = new Uint8Array(24);
    shifted.set(bytes.subarray(8, 16), 3);
    expect([...elementArray({ name: 'x', datatype: 'FP64', shape: [1], data: shifted.subarray(3, 11) })]).toEqual([
      1.5,
    ]);
  });

  it('counts elements', () => {
    expect(elementCount('x', [])).toBe(1);
    expect(elementCount('x', [2, 0, 3])).toBe(0);
  });

  it('refuses bytes that do not fit the shape', () => {
    expect(refusal(() => assertTensor({ name: 'x', datatype: 'FP32', shape: [2], data: new Uint8Array(7) }))).toContain(
      '7 bytes',
    );
    const data = encodeStrings(['a', 'bc']);
    expect(refusal(() => assertTensor({ name: 'x', datatype: 'BYTES', shape: [3], data }))).toContain('2 strings');
    const cut = data.subarray(0, data.length - 1);
    expect(refusal(() => assertTensor({ name: 'x', datatype: 'BYTES', shape: [2], data: cut }))).toContain(
      'over the end',
    );
    const stump = data.subarray(0, 2);
    expect(refusal(() => assertTensor({ name: 'x', datatype: 'BYTES', shape: [1], data: stump }))).toContain(
      'over the end',
    );
  });

  it('refuses text that is not UTF-8', () => {
    const data = Uint8Array.of(1, 0, 0, 0, 0xff);
    expect(refusal(() => decodeStrings({ name: 'x', datatype: 'BYTES', shape: [1], data }))).toContain('UTF-8');
  });
});
