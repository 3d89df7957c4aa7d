import { describe, expect, it } from 'vitest';
import type { ModelContract } from './model-contract.js';
import { checkRequest, type PredictionRequest, readInputs, readOutputNames, rowsOf } from './request.rules.js';

const limits = { maxJsonElements: 100, defaultTimeoutMs: 30_000, maxTimeoutMs: 300_000 };
const request: PredictionRequest = { model: 'm', inputs: [] };

describe('checkRequest', () => {
  it('answers the deadline that was asked for, or the default', () => {
    expect(checkRequest(request, limits)).toEqual({ timeoutMs: 30_000 });
    expect(checkRequest({ ...request, timeoutMs: 5 }, limits)).toEqual({ timeoutMs: 5 });
  });

  const cases: readonly (readonly [string, Partial<PredictionRequest>, RegExp])[] = [
    ['version and alias', { version: 1, alias: 'a' }, /version, alias: give one/],
    ['inputs and records', { records: [] }, /inputs, records: give exactly one/],
    ['neither inputs nor records', { inputs: null }, /inputs, records: give exactly one/],
    ['a deadline of nothing', { timeoutMs: 0 }, /timeoutMs: is 0; give 1 to 300000/],
    ['a deadline too far off', { timeoutMs: 300_001 }, /timeoutMs: is 300001/],
    ['an empty request id', { requestId: '' }, /requestId: give 1 to 128/],
    ['a long request id', { requestId: 'x'.repeat(129) }, /requestId: give 1 to 128/],
    ['a request id with a control character', { requestId: 'a\u0000b' }, /requestId: .*control characters/],
  ];
  it.each(cases)('refuses %s', (_, change, message) => {
    expect(() => checkRequest({ ...request, ...change }, limits)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
    );
  });
});

const model: ModelContract = {
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [
      { name: 'y', datatype: 'FP32', shape: [-1] },
      { name: 'z', datatype: 'FP32', shape: [-1] },
    ],
  },
  metadata: { inputColumns: ['a', 'b'] },
};

describe('readInputs', () => {
  it('makes the same tensors of records and of tensors', () => {
    const ofRecords = readInputs(model, { model: 'm', records: [{ a: 1, b: 2 }] }, 100);
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
    expect(readInputs(model, { model: 'm', inputs }, 100)).toEqual(ofRecords);
    expect(rowsOf(ofRecords)).toBe(1);
    expect(rowsOf([])).toBe(1);
  });
});

describe('readOutputNames', () => {
  it('answers the names, or undefined for all', () => {
    expect(readOutputNames(model, ['z', 'y'])).toEqual(['z', 'y']);
    expect(readOutputNames(model, null)).toBeUndefined();
  });

  it.each([
    [['w'], /no output "w"; it has y, z/],
    [['y', 'y'], /"y" is named twice/],
    [[], /name at least one/],
  ])('refuses %j', (names, message) => {
    expect(() => readOutputNames(model, names)).toThrow(
      expect.objectContaining({ code: 'INVALID_TENSOR', message: expect.stringMatching(message) }),
    );
  });
});
