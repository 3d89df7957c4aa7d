import type { ExecutorHostState } from '../protocol/executor-state.js';

/** Where a pool makes its executors known. */
export abstract class ExecutorDirectory {
  /** Called at every change and at least once a second; the last call before the end has no executors. */
  abstract publish(host: ExecutorHostState): Promise<void>;
}
