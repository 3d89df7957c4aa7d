import type { DataSource, EntityManager } from 'typeorm';

export type AfterCommitTask = () => void | Promise<void>;

/** A transaction, and what is to follow it. */
export interface Transaction {
  /** Reads and writes of this transaction go through it alone. */
  readonly manager: EntityManager;
  /** Runs once the commit is known, in order of registration. */
  readonly afterCommit: (task: AfterCommitTask) => void;
}

/** Runs work in one transaction, and after its commit what is to follow it. */
export async function inTransaction(
  dataSource: DataSource,
  work: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  const tasks: AfterCommitTask[] = [];
  await dataSource.transaction((manager) => work({ manager, afterCommit: (task) => void tasks.push(task) }));
  for (const task of tasks) await task();
}
