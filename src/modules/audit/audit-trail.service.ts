import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CallContext } from '../../common/access/actor.js';
import { SETTINGS } from '../../common/config/config.module.js';
import type { Settings } from '../../common/config/settings.js';
import { isRetryable } from '../../common/database/database-errors.rules.js';
import type { AfterCommitTask } from '../../common/database/transaction.js';
import { AuditChains } from './audit-chains.js';
import type { AuditEventInput } from './audit-event.js';
import { toAuditRecord } from './audit-record.rules.js';
import { attemptTransaction, type AuditedTransaction } from './audited-transaction.js';
import { GroupCommitWriter } from './group-commit-writer.js';

export type { AuditedTransaction };

/** How often a transaction is begun that PostgreSQL ends for its order with others. */
const TRANSACTION_ATTEMPTS = 5;
/** Longest wait before the second attempt, in milliseconds; doubled each time. */
const TRANSACTION_BACKOFF_MS = 10;

/** Leaves the audit events of this process: with a transaction, by themselves, or beside predictions. */
@Injectable()
export class AuditTrail implements OnApplicationShutdown {
  private readonly logger = new Logger(AuditTrail.name);
  private readonly chains: AuditChains;
  private readonly writer: GroupCommitWriter;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_AUDIT_BUFFER' | 'NESTOR_SHUTDOWN_TIMEOUT_MS'>,
  ) {
    const processName = `${hostname()} ${process.pid}`;
    this.chains = new AuditChains(processName);
    this.writer = new GroupCommitWriter(dataSource, {
      processName,
      capacity: settings.NESTOR_AUDIT_BUFFER,
      onFailure: (error, waiting) =>
        this.logger.error(`Audit events could not be written, ${waiting} wait; trying again. ${String(error)}`),
    });
  }

  /** Events of {@link record} and {@link recordPrediction} that are not known to be written. */
  get waiting(): number {
    return this.writer.waiting;
  }

  /**
   * Runs work in one database transaction and commits its audit events with it, or neither. After a serialization
   * failure or deadlock it runs work again, from the start.
   * @throws {TypeError} when work left no audit event: nothing changes unaudited.
   */
  async transaction<T>(context: CallContext, work: (transaction: AuditedTransaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { result, afterCommit } = await attemptTransaction(this.dataSource, this.chains, context, work);
        await this.runAfterCommit(afterCommit);
        return result;
      } catch (error) {
        if (attempt === TRANSACTION_ATTEMPTS || !isRetryable(error)) throw error;
        await sleep(Math.random() * TRANSACTION_BACKOFF_MS * 2 ** (attempt - 1));
      }
    }
  }

  /**
   * Leaves one event by itself, such as a failed sign-in or a refused access, and waits until it is committed.
   * @throws {CodedError} AUDIT_UNAVAILABLE when it cannot be written now.
   */
  async record(context: CallContext, event: AuditEventInput): Promise<void> {
    await this.writer.addAndWait(toAuditRecord(context, event, Date.now()));
  }

  /**
   * Leaves the event of a prediction, to be written within milliseconds.
   * @throws {CodedError} AUDIT_UNAVAILABLE when the buffer is full because nothing can be written.
   */
  recordPrediction(context: CallContext, event: AuditEventInput): void {
    this.writer.add(toAuditRecord(context, event, Date.now()));
  }

  /** To be asked before work starts. @throws {CodedError} AUDIT_UNAVAILABLE when its event would not be taken. */
  assertWritable(): void {
    this.writer.assertRoom();
  }

  async onApplicationShutdown(): Promise<void> {
    const lost = await this.writer.close(this.settings.NESTOR_SHUTDOWN_TIMEOUT_MS);
    if (lost > 0) this.logger.error(`${lost} audit events could not be written before the process had to end.`);
  }

  private async runAfterCommit(tasks: readonly AfterCommitTask[]): Promise<void> {
    for (const task of tasks) {
      try {
        await task();
      } catch (error) {
        this.logger.error(`A task after a commit failed: ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
  }
}
