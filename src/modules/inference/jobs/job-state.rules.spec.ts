import { describe, expect, it } from 'vitest';
import { canBecome, cancellableStatuses, isEnded, jobStatuses, retryableStatuses } from './job-state.rules.js';

describe('job states', () => {
  it('can be cancelled before the end and retried after it, unless they succeeded', () => {
    expect(cancellableStatuses).toEqual(['QUEUED', 'RUNNING']);
    expect(retryableStatuses).toEqual(['FAILED', 'CANCELLED', 'DEAD']);
  });

  it('leave nothing to happen to a job that succeeded, and run a job only from the queue', () => {
    for (const status of jobStatuses) {
      expect(canBecome('SUCCEEDED', status)).toBe(false);
      expect(canBecome(status, 'RUNNING')).toBe(status === 'QUEUED');
      expect(isEnded(status)).toBe(!['QUEUED', 'RUNNING'].includes(status));
    }
  });
});
