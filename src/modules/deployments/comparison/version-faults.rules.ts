import type { ErrorCode } from '../../../common/errors/error-table.js';

/**
 * Errors that may be the fault of a model version. Wrong input, a caller who left and a Nestor without room are nobody's
 * here: they would make a version look bad for what its callers do.
 */
export const versionFaults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MODEL_LOAD_FAILED',
  'MODEL_RUN_FAILED',
  'MODEL_QUARANTINED',
  'MODEL_NOT_FOUND',
  'MODEL_NOT_READY',
  'DEADLINE_EXCEEDED',
  'EXECUTOR_LOST',
  'INTERNAL_SERVER_ERROR',
]);
