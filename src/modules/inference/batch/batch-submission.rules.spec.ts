import { describe, expect, it } from 'vitest';
import type { ModelContract } from '../prediction/model-contract.js';
import {
  type BatchSubmission,
  checkBatchSubmission,
  checkTakesRows,
  hashBatchSubmission,
} from './batch-submission.rules.js';

const submission: BatchSubmission = { model: 'iris', input: `sha256:${'0'.repeat(64)}` };

describe('checkBatchSubmission', () => {
  it('takes what is within its ranges', () => {
    checkBatchSubmission({ ...submission, chunkRows: 1, priority: 9, idempotencyKey: 'night 7', version: 1 });
    checkBatchSubmission({ ...submission, chunkRows: null, priority: undefined });
  });

  const bad: readonly (readonly [Partial<BatchSubmission>, RegExp])[] = [
    [{ version: 1, alias: 'champion' }, /version, alias/],
    [{ chunkRows: 0 }, /chunkRows: is 0; give 1 to 100000/],
    [{ priority: 10 }, /priority: is 10; give 0 to 9/],
    [{ idempotencyKey: '' }, /idempotencyKey/],
  ];
  it.each(bad)('refuses %j', (change, message) => {
    expect(() => checkBatchSubmission({ ...submission, ...change })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
    );
  });
});

const model = (rows: number, width: number): ModelContract => ({
  signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, width] }], outputs: [] },
  metadata: {},
});

describe('checkTakesRows', () => {
  it('takes models of one or any number of rows', () => {
    checkTakesRows(model(-1, 1));
    checkTakesRows(model(1, 1));
  });

  it('refuses a fixed number of rows, and models that take no records', () => {
    expect(() => checkTakesRows(model(8, 1))).toThrow(/takes exactly 8 rows/);
    expect(() => checkTakesRows(model(-1, 3))).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }));
  });
});

describe('hashBatchSubmission', () => {
  it('tells requests apart, but not a value that is left out from null', () => {
    const hash = hashBatchSubmission(submission);
    expect(hashBatchSubmission({ ...submission, version: null, includeInput: undefined })).toBe(hash);
    const changes: readonly Partial<BatchSubmission>[] = [
      { model: 'digits' },
      { version: 2 },
      { alias: 'best' },
      { input: 'other' },
      { format: 'CSV' },
      { outputFormat: 'CSV' },
      { includeInput: true },
      { chunkRows: 5 },
      { priority: 3 },
    ];
    for (const change of changes) expect(hashBatchSubmission({ ...submission, ...change })).not.toBe(hash);
  });
});
