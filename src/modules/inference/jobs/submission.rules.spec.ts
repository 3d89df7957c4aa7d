import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSubmission, hashSubmission, type Submission } from './submission.rules.js';

const submission: Submission = { model: 'iris', records: [{ a: 1, b: 2 }] };

describe('checkSubmission', () => {
  it('takes what is within its ranges', () => {
    checkSubmission({ ...submission, priority: 9, maxAttempts: 1, idempotencyKey: 'order 7/ü' });
    checkSubmission({ ...submission, priority: null, maxAttempts: undefined });
  });

  const cases: readonly (readonly [Partial<Submission>, RegExp])[] = [
    [{ priority: 10 }, /priority: is 10; give 0 to 9/],
    [{ priority: -1 }, /priority: is -1/],
    [{ maxAttempts: 0 }, /maxAttempts: is 0; give 1 to 100/],
    [{ idempotencyKey: '' }, /idempotencyKey: give 1 to 255/],
    [{ idempotencyKey: 'x\ny' }, /idempotencyKey: .*control/],
  ];
  it.each(cases)('refuses %j', (change, message) => {
    expect(() => checkSubmission({ ...submission, ...change })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
    );
  });
});

describe('hashSubmission', () => {
  it('does not depend on the order of fields nor on the request id', () => {
    const other: Submission = { requestId: 'r2', records: [{ b: 2, a: 1 }], model: 'iris', version: null };
    expect(hashSubmission(other)).toBe(hashSubmission({ ...submission, requestId: 'r1' }));
  });

  it('tells other payloads apart', () => {
    const hash = hashSubmission(submission);
    const changes: readonly Partial<Submission>[] = [
      { model: 'digits' },
      { version: 2 },
      { alias: 'best' },
      { deployment: 'flowers' },
      { stickyKey: 'gardener-7' },
      { records: [{ a: 1, b: 3 }] },
      { records: [{ a: 1 }, { b: 2 }] },
      { outputs: ['y'] },
      { encoding: 'BASE64' },
      { timeoutMs: 5 },
      { priority: 3 },
      { maxAttempts: 2 },
    ];
    for (const change of changes) expect(hashSubmission({ ...submission, ...change })).not.toBe(hash);
  });

  it('is 64 hexadecimal digits for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (inputs) => {
        expect(hashSubmission({ model: 'm', inputs })).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });
});
