import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import type { AuditedTransaction } from '../../audit/audited-transaction.js';
import { BatchAnnouncements } from './batch-announcements.js';
import { BatchDispatch } from './batch-dispatch.js';
import type { BatchRecord } from './batch-inference.js';
import { resumedStatus, retryableBatchStatuses } from './batch-state.rules.js';
import { type BatchCriteria, BatchRepository } from './batch.repository.js';

/** Batches as their owners see and steer them. */
@Injectable()
export class BatchesService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly repository: BatchRepository,
    private readonly dispatch: BatchDispatch,
    private readonly announcements: BatchAnnouncements,
    private readonly audit: AuditTrail,
  ) {}

  async find({ actor }: ActorContext, id: string): Promise<BatchRecord | null> {
    return isUuid(id) ? this.repository.find(actor.workspaceId, id) : null;
  }

  async page(
    { actor }: ActorContext,
    criteria: BatchCriteria,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<BatchRecord>> {
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    return this.repository.page(actor.workspaceId, criteria, size, after);
  }

  /**
   * Cancels a batch that has not ended; what is done of it is kept for a retry. Cancelling twice is fine.
   * @throws {CodedError} NOT_FOUND; CONFLICT when it ended otherwise.
   */
  async cancel(context: ActorContext, id: string): Promise<BatchRecord> {
    const batch = await this.change(context, id, 'batch-inference.cancel', async ({ manager }, workspaceId) => {
      const isChanged = await this.repository.cancel(manager, workspaceId, id);
      const now = await this.repository.find(workspaceId, id, manager);
      if (!isChanged && now !== null && now.status !== 'CANCELLED') {
        throw new CodedError('CONFLICT', `The batch is ${now.status}; only one that has not ended can be cancelled.`);
      }
      return now;
    });
    this.announcements.announce([batch]);
    return batch;
  }

  /**
   * Lets a batch go on that failed or was cancelled: only what is not finished is done again.
   * @throws {CodedError} NOT_FOUND; CONFLICT when it succeeded or has not ended.
   */
  async retry(context: ActorContext, id: string): Promise<BatchRecord> {
    const batch = await this.change(context, id, 'batch-inference.retry', async ({ manager }, workspaceId) => {
      const before = await this.repository.findLocked(manager, workspaceId, id);
      if (before === null) return null;
      if (!retryableBatchStatuses.includes(before.status)) {
        throw new CodedError('CONFLICT', `The batch is ${before.status}; only FAILED and CANCELLED can be retried.`);
      }
      await this.repository.resume(manager, before, resumedStatus(before));
      return this.repository.find(workspaceId, id, manager);
    });
    const { generation, status, priority } = batch;
    await this.dispatch.dispatch({ id, generation, status, priority, delayMs: 0 });
    return batch;
  }

  private async change(
    context: ActorContext,
    id: string,
    action: string,
    work: (transaction: AuditedTransaction, workspaceId: string) => Promise<BatchRecord | null>,
  ): Promise<BatchRecord> {
    if (!isUuid(id)) throw batchNotFound(id);
    return this.audit.transaction(context, async (transaction) => {
      const batch = await work(transaction, context.actor.workspaceId);
      if (batch === null) throw batchNotFound(id);
      const { model, version } = batch;
      transaction.audit({ action, resourceType: 'batch-inference', resourceId: id, detail: { model, version } });
      return batch;
    });
  }
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

export const batchNotFound = (id: string): CodedError =>
  new CodedError('NOT_FOUND', `There is no batch inference ${JSON.stringify(id.slice(0, 64))} in this workspace.`);
