import type { ExecutorHostState } from '../protocol/executor-state.js';

/** What is known of all executors, of all hosts: the reading side of `ExecutorDirectory`. */
export abstract class ExecutorView {
  /** The hosts that have been heard of lately. */
  abstract hosts(): readonly ExecutorHostState[];

  /**
   * Calls `listener` whenever `hosts()` has changed.
   * @returns a function that ends it.
   */
  abstract onChange(listener: () => void): () => void;
}
