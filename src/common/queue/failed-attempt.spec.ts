import { describe, expect, it, vi } from 'vitest';
import { CodedError } from '../errors/coded-error.js';
import { failedAttempt } from './failed-attempt.js';

const numbers = { attempt: 1, maxAttempts: 2, backoffMs: 100 };

describe('failedAttempt', () => {
  it('says when the next attempt is, and none of it where there is none', () => {
    const logged = vi.fn();
    const lost = new CodedError('EXECUTOR_LOST', 'Gone.');
    const next = failedAttempt(lost, numbers, logged);
    expect(next).toMatchObject({ kind: 'RETRY', errorCode: 'EXECUTOR_LOST', errorMessage: 'Gone.' });
    expect(next.delayMs).toBeGreaterThanOrEqual(50);
    const last = failedAttempt(lost, { ...numbers, attempt: 2 }, logged);
    expect(last).toEqual({ kind: 'DEAD', errorCode: 'EXECUTOR_LOST', errorMessage: 'Gone.', delayMs: 0 });
    expect(logged).not.toHaveBeenCalled();
  });

  it('writes what a text column of PostgreSQL takes', () => {
    const refused = new CodedError('MODEL_RUN_FAILED', 'a\0b');
    expect(failedAttempt(refused, numbers, vi.fn())).toMatchObject({ kind: 'FAILED', errorMessage: 'ab' });
  });

  it('tells the log of what has no code, and the row only that it was so', () => {
    const logged = vi.fn();
    const strange = new Error('password is hunter2');
    const { errorCode, errorMessage } = failedAttempt(strange, numbers, logged);
    expect(errorCode).toBe('INTERNAL_SERVER_ERROR');
    expect(errorMessage).not.toContain('hunter2');
    expect(logged.mock.calls).toEqual([[{ err: strange, errorId: expect.any(String) }]]);
  });
});
