import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.js';
import { backoffDelay, outcomeOfFailure } from './attempt.rules.js';

const fail = (thrown: unknown, attempt = 1) => outcomeOfFailure(thrown, attempt, 3, 100, 0.5);

describe('outcomeOfFailure', () => {
  it('fails at once where the input is to blame', () => {
    for (const code of ['INVALID_TENSOR', 'MODEL_RUN_FAILED', 'MODEL_LOAD_FAILED', 'ARTIFACT_CORRUPT'] as const) {
      expect(fail(new CodedError(code, 'because'))).toEqual({ kind: 'FAILED', code, message: 'because' });
    }
  });

  it('tries again where the moment is to blame, until the attempts are used up', () => {
    const lost = new CodedError('EXECUTOR_LOST', 'gone');
    expect(fail(lost, 1)).toEqual({ kind: 'RETRY', code: 'EXECUTOR_LOST', message: 'gone', delayMs: 75 });
    expect(fail(lost, 2)).toMatchObject({ kind: 'RETRY', delayMs: 150 });
    expect(fail(lost, 3)).toEqual({ kind: 'DEAD', code: 'EXECUTOR_LOST', message: 'gone' });
    expect(fail(new CodedError('MODEL_UNLOADED', 'unloaded'), 1)).toMatchObject({ kind: 'RETRY' });
  });

  it('waits at least as long as the error asks for', () => {
    const error = new CodedError('OVERLOADED', 'full', { retryAfterMs: 5_000 });
    expect(fail(error)).toMatchObject({ kind: 'RETRY', delayMs: 5_000 });
  });

  it('tells nothing of an unexpected error, and tries again', () => {
    const outcome = fail(new Error('secret'));
    expect(outcome).toMatchObject({ kind: 'RETRY', code: 'INTERNAL_SERVER_ERROR' });
    expect(outcome.message).not.toContain('secret');
  });
});

describe('backoffDelay', () => {
  it('doubles, keeps between half and all of it, and never passes 15 minutes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, base, random) => {
          const full = Math.min(15 * 60_000, base * 2 ** Math.min(attempt - 1, 30));
          const delay = backoffDelay(attempt, base, random);
          expect(delay).toBeGreaterThanOrEqual(Math.floor(full / 2));
          expect(delay).toBeLessThanOrEqual(full);
        },
      ),
    );
  });
});
