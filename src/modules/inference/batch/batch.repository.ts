import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import type { BatchRecord, NewBatch } from './batch-inference.js';
import { type BatchStatus, cancellableBatchStatuses } from './batch-state.rules.js';
import { BatchInferenceEntity } from './entities/batch-inference.entity.js';

export interface BatchCriteria {
  readonly statuses?: readonly BatchStatus[] | undefined;
  readonly model?: string | undefined;
  readonly createdSince?: Date | undefined;
  readonly createdBefore?: Date | undefined;
}

/** Batches as their owners see and steer them, always within a workspace. */
@Injectable()
export class BatchRepository {
  constructor(@InjectRepository(BatchInferenceEntity) private readonly batches: Repository<BatchInferenceEntity>) {}

  /** @returns whether it was written: its idempotency key was not taken. */
  async insert(manager: EntityManager, batch: NewBatch): Promise<boolean> {
    const { raw } = await manager
      .createQueryBuilder()
      .insert()
      .into(BatchInferenceEntity)
      .values({ ...batch, status: 'QUEUED' })
      .orIgnore()
      .returning(['id'])
      .execute();
    const rows: unknown = raw;
    return Array.isArray(rows) && rows.length > 0;
  }

  async find(workspaceId: string, id: string, manager = this.batches.manager): Promise<BatchRecord | null> {
    return manager.findOneBy(BatchInferenceEntity, { workspaceId, id });
  }

  /** As `find`, with its row locked until the transaction ends. */
  async findLocked(manager: EntityManager, workspaceId: string, id: string): Promise<BatchRecord | null> {
    return manager.findOne(BatchInferenceEntity, { where: { workspaceId, id }, lock: { mode: 'pessimistic_write' } });
  }

  async findByKey(manager: EntityManager, workspaceId: string, idempotencyKey: string): Promise<BatchRecord | null> {
    return manager.findOneBy(BatchInferenceEntity, { workspaceId, idempotencyKey });
  }

  /** Newest first. */
  async page(
    workspaceId: string,
    criteria: BatchCriteria,
    size: number,
    after: string | undefined,
  ): Promise<Page<BatchRecord>> {
    const query = this.batches.createQueryBuilder('batch').where('batch.workspaceId = :workspaceId', { workspaceId });
    const { statuses, model, createdSince, createdBefore } = criteria;
    if (statuses !== undefined) query.andWhere('batch.status = ANY(:statuses)', { statuses });
    if (model !== undefined) query.andWhere('batch.model = :model', { model });
    if (createdSince !== undefined) query.andWhere('batch.createdAt >= :createdSince', { createdSince });
    if (createdBefore !== undefined) query.andWhere('batch.createdAt < :createdBefore', { createdBefore });
    if (after !== undefined) {
      const [time, id] = decodeCursor(after, 2);
      query.andWhere('(batch.createdAt, batch.id) < (:createdAt, :id)', { createdAt: new Date(String(time)), id });
    }
    const rows = await query
      .orderBy('batch.createdAt', 'DESC')
      .addOrderBy('batch.id', 'DESC')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, (row) => [row.createdAt.toISOString(), row.id]);
  }

  /** @returns whether the batch was in a state to be cancelled. */
  async cancel(manager: EntityManager, workspaceId: string, id: string): Promise<boolean> {
    const result = await manager
      .createQueryBuilder()
      .update(BatchInferenceEntity)
      .set({
        status: 'CANCELLED',
        generation: () => 'generation + 1',
        worker: null,
        leaseUntil: null,
        runEndedAt: () => 'coalesce(run_ended_at, now())',
        endedAt: () => 'now()',
      })
      .where('workspaceId = :workspaceId AND id = :id', { workspaceId, id })
      .andWhere('status = ANY(:from)', { from: cancellableBatchStatuses })
      .execute();
    return result.affected === 1;
  }

  /** Lets an ended batch, whose row is locked, go on in a state, with fresh attempts. */
  async resume(manager: EntityManager, { workspaceId, id }: BatchRecord, status: BatchStatus): Promise<void> {
    const goesOn = status === 'ASSEMBLING' ? {} : { runEndedAt: null, runStartedRows: () => 'rows_done' };
    await manager
      .createQueryBuilder()
      .update(BatchInferenceEntity)
      .set({
        status,
        generation: () => 'generation + 1',
        attempts: 0,
        errorCode: null,
        errorMessage: null,
        availableAt: () => 'now()',
        enqueuedAt: () => 'now()',
        endedAt: null,
        ...goesOn,
        ...(status === 'RUNNING' && { runStartedAt: () => 'now()' }),
      })
      .where('workspaceId = :workspaceId AND id = :id', { workspaceId, id })
      .execute();
    if (status === 'RUNNING') await this.resumeChunks(manager, id);
  }

  /** Those that a worker still has end as they end; finished ones are not touched. */
  private async resumeChunks(manager: EntityManager, batchId: string): Promise<void> {
    await manager.query(
      `UPDATE batch_chunks
       SET status = 'QUEUED', attempts = 0, generation = generation + 1, error_code = NULL, error_message = NULL,
         available_at = now(), enqueued_at = now(), ended_at = NULL
       WHERE batch_id = $1 AND status IN ('QUEUED', 'FAILED')`,
      [batchId],
    );
  }
}
