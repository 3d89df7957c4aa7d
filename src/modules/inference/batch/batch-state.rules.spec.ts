import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchStatuses,
  canBatchBecome,
  cancellableBatchStatuses,
  isBatchEnded,
  resumedStatus,
  retryableBatchStatuses,
} from './batch-state.rules.js';

describe('the states of a batch', () => {
  it('can be cancelled until it has ended, and gone on with unless it succeeded', () => {
    expect(cancellableBatchStatuses).toEqual(['QUEUED', 'SPLITTING', 'RUNNING', 'ASSEMBLING']);
    expect(retryableBatchStatuses).toEqual(['FAILED', 'CANCELLED']);
    expect(batchStatuses.filter(isBatchEnded)).toEqual(['SUCCEEDED', 'FAILED', 'CANCELLED']);
  });

  it('leads from QUEUED to SUCCEEDED by each step, and never out of it', () => {
    const way = ['QUEUED', 'SPLITTING', 'RUNNING', 'ASSEMBLING', 'SUCCEEDED'] as const;
    way.slice(1).forEach((status, index) => expect(canBatchBecome(way[index] ?? 'FAILED', status)).toBe(true));
    expect(batchStatuses.some((status) => canBatchBecome('SUCCEEDED', status))).toBe(false);
  });

  it('skips no step', () => {
    expect(canBatchBecome('QUEUED', 'RUNNING')).toBe(false);
    expect(canBatchBecome('SPLITTING', 'ASSEMBLING')).toBe(false);
    expect(canBatchBecome('RUNNING', 'SUCCEEDED')).toBe(false);
  });

  it('goes on where it stood', () => {
    expect(resumedStatus({ chunksTotal: null, chunksDone: 0 })).toBe('QUEUED');
    expect(resumedStatus({ chunksTotal: 3, chunksDone: 2 })).toBe('RUNNING');
    expect(resumedStatus({ chunksTotal: 3, chunksDone: 3 })).toBe('ASSEMBLING');
    const total = fc.option(fc.nat(9));
    fc.assert(
      fc.property(total, fc.nat(9), (chunksTotal, chunksDone) => {
        const next = resumedStatus({ chunksTotal, chunksDone });
        for (const status of retryableBatchStatuses) expect(canBatchBecome(status, next)).toBe(true);
      }),
    );
  });
});
