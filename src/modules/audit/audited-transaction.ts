import { type DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import type { CallContext } from '../../common/access/actor.js';
import type { AfterCommitTask, Transaction } from '../../common/database/transaction.js';
import type { AuditChains } from './audit-chains.js';
import type { AuditEventInput } from './audit-event.js';
import { type AuditRecord, toAuditRecord } from './audit-record.rules.js';

/** A transaction whose audit events are committed with it or not at all. A failure of what follows is logged, not thrown. */
export interface AuditedTransaction extends Transaction {
  /** Leaves an event. @param context in place of the transaction's, such as one whose actor has just signed in. */
  readonly audit: (event: AuditEventInput, context?: CallContext) => void;
}

/**
 * One attempt: begin, work, append to a chain, commit. Rolled back as a whole when anything throws before the commit.
 * @returns what work returned, and what is to be done after the commit.
 */
export async function attemptTransaction<T>(
  dataSource: DataSource,
  chains: AuditChains,
  context: CallContext,
  work: (transaction: AuditedTransaction) => Promise<T>,
): Promise<{ result: T; afterCommit: readonly AfterCommitTask[] }> {
  const runner = dataSource.createQueryRunner();
  const records: AuditRecord[] = [];
  const afterCommit: AfterCommitTask[] = [];
  try {
    await runner.connect();
    await runner.startTransaction();
    const result = await work({
      manager: runner.manager,
      audit: (event, eventContext = context) => void records.push(toAuditRecord(eventContext, event, Date.now())),
      afterCommit: (task) => void afterCommit.push(task),
    });
    if (records.length === 0) throw new TypeError('An audited transaction must leave at least one audit event.');
    await appendAndCommit(runner, chains, records);
    return { result, afterCommit };
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}

async function appendAndCommit(runner: QueryRunner, chains: AuditChains, records: AuditRecord[]): Promise<void> {
  const chain = chains.take();
  try {
    const head = await chain.append(runner, records);
    await runner.commitTransaction();
    chain.advance(head);
    chains.giveBack(chain);
  } catch (error) {
    // Refused, so rolled back: the chain stands where it stood. After a lost connection nobody knows: leave the chain.
    if (isRefusal(error)) chains.giveBack(chain);
    throw error;
  }
}

/** PostgreSQL itself said that this statement failed, over a connection that lives on. */
function isRefusal(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return cause instanceof Error && 'severity' in cause && cause.severity === 'ERROR';
}
