import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import { InferenceJobEntity } from './entities/inference-job.entity.js';
import type { InferenceJobRecord, NewInferenceJob } from './inference-job.js';
import { cancellableStatuses, type JobStatus, retryableStatuses } from './job-state.rules.js';

export interface InferenceJobCriteria {
  readonly statuses?: readonly JobStatus[] | undefined;
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly createdSince?: Date | undefined;
  readonly createdBefore?: Date | undefined;
}

/** Everything of a row but its tensors. */
const columns = [
  'id',
  'workspaceId',
  'modelVersionId',
  'model',
  'version',
  'deployment',
  'variant',
  'digest',
  'status',
  'priority',
  'generation',
  'attempts',
  'maxAttempts',
  'timeoutMs',
  'requestId',
  'encoding',
  'withRecords',
  'rows',
  'idempotencyKey',
  'payloadHash',
  'executor',
  'errorCode',
  'errorMessage',
  'worker',
  'createdAt',
  'availableAt',
  'enqueuedAt',
  'pack',
  'leaseUntil',
  'startedAt',
  'endedAt',
] as const satisfies (keyof InferenceJobRecord)[];

const selection = columns.map((column) => `job.${column}`);

/** Jobs as their owners see and steer them, always within a workspace. */
@Injectable()
export class InferenceJobRepository {
  constructor(@InjectRepository(InferenceJobEntity) private readonly jobs: Repository<InferenceJobEntity>) {}

  /**
   * Writes many jobs in one statement; one whose idempotency key is taken is left out.
   * @returns those that were written, by id.
   */
  async insertAll(manager: EntityManager, jobs: readonly NewInferenceJob[]): Promise<Map<string, InferenceJobRecord>> {
    const column = <Key extends keyof NewInferenceJob>(key: Key) => jobs.map((job) => job[key]);
    const rows: readonly { id: string; created_at: Date }[] = await manager.query(
      `INSERT INTO inference_jobs (id, workspace_id, model_version_id, model, version, digest, status, priority,
         max_attempts, timeout_ms, request_id, encoding, with_records, rows, idempotency_key, payload_hash, payload,
         deployment, variant, pack)
       SELECT id, workspace_id, model_version_id, model, version, digest, 'QUEUED', priority,
         max_attempts, timeout_ms, request_id, encoding, with_records, rows, idempotency_key, payload_hash, payload,
         deployment, variant, pack
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::smallint[], $8::int[],
         $9::int[], $10::text[], $11::text[], $12::boolean[], $13::int[], $14::text[], $15::text[], $16::bytea[],
         $17::text[], $18::text[], $19::uuid[])
         AS given (id, workspace_id, model_version_id, model, version, digest, priority, max_attempts,
           timeout_ms, request_id, encoding, with_records, rows, idempotency_key, payload_hash, payload, deployment,
           variant, pack)
       ON CONFLICT (workspace_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
       RETURNING id, created_at`,
      [
        column('id'),
        column('workspaceId'),
        column('modelVersionId'),
        column('model'),
        column('version'),
        column('digest'),
        column('priority'),
        column('maxAttempts'),
        column('timeoutMs'),
        column('requestId'),
        column('encoding'),
        column('withRecords'),
        column('rows'),
        column('idempotencyKey'),
        column('payloadHash'),
        column('payload'),
        column('deployment'),
        column('variant'),
        column('pack'),
      ],
    );
    const createdAt = new Map(rows.map((row) => [row.id, row.created_at]));
    return new Map(
      jobs.flatMap((job) => {
        const moment = createdAt.get(job.id);
        return moment === undefined ? [] : [[job.id, recordOf(job, moment)] as const];
      }),
    );
  }

  async find(workspaceId: string, id: string, manager = this.jobs.manager): Promise<InferenceJobRecord | null> {
    return this.select(manager).where('job.workspaceId = :workspaceId AND job.id = :id', { workspaceId, id }).getOne();
  }

  /** The jobs of these ids, in no order. */
  async findMany(workspaceId: string, ids: readonly string[]): Promise<InferenceJobRecord[]> {
    return this.select().where('job.workspaceId = :workspaceId AND job.id = ANY(:ids)', { workspaceId, ids }).getMany();
  }

  /** The jobs under these idempotency keys, in no order. */
  async findByKeys(
    workspaceId: string,
    idempotencyKeys: readonly string[],
    manager: EntityManager,
  ): Promise<InferenceJobRecord[]> {
    return this.select(manager)
      .where('job.workspaceId = :workspaceId AND job.idempotencyKey = ANY(:idempotencyKeys)', {
        workspaceId,
        idempotencyKeys,
      })
      .getMany();
  }

  /** Newest first. */
  async page(
    workspaceId: string,
    criteria: InferenceJobCriteria,
    size: number,
    after: string | undefined,
  ): Promise<Page<InferenceJobRecord>> {
    const query = this.select().where('job.workspaceId = :workspaceId', { workspaceId });
    const { statuses, model, version, createdSince, createdBefore } = criteria;
    // A single one by `=`, so that the index gives them in their order.
    if (statuses?.length === 1) query.andWhere('job.status = :status', { status: statuses[0] });
    else if (statuses !== undefined) query.andWhere('job.status = ANY(:statuses)', { statuses });
    if (model !== undefined) query.andWhere('job.model = :model', { model });
    if (version !== undefined) query.andWhere('job.version = :version', { version });
    if (createdSince !== undefined) query.andWhere('job.createdAt >= :createdSince', { createdSince });
    if (createdBefore !== undefined) query.andWhere('job.createdAt < :createdBefore', { createdBefore });
    if (after !== undefined) {
      const { createdAt, id } = readCursor(after);
      query.andWhere('(job.createdAt, job.id) < (:createdAt, :id)', { createdAt, id });
    }
    const rows = await query
      .orderBy('job.createdAt', 'DESC')
      .addOrderBy('job.id', 'DESC')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, (row) => [row.createdAt.toISOString(), row.id]);
  }

  /** The stored answers of jobs that succeeded, by job id. */
  async results(workspaceId: string, ids: readonly string[]): Promise<Map<string, Buffer>> {
    const rows: readonly { id: string; result: Buffer }[] = await this.jobs.query(
      'SELECT id, result FROM inference_jobs WHERE workspace_id = $1 AND id = ANY($2::uuid[]) AND result IS NOT NULL',
      [workspaceId, ids],
    );
    return new Map(rows.map(({ id, result }) => [id, result]));
  }

  /** @returns whether the job was in a state to be cancelled. */
  async cancel(manager: EntityManager, workspaceId: string, id: string): Promise<boolean> {
    const result = await manager
      .createQueryBuilder()
      .update(InferenceJobEntity)
      .set({ status: 'CANCELLED', endedAt: () => 'now()', worker: null, leaseUntil: null })
      .where('workspaceId = :workspaceId AND id = :id', { workspaceId, id })
      .andWhere('status = ANY(:from)', { from: cancellableStatuses })
      .execute();
    return result.affected === 1;
  }

  /** Gives an ended job fresh attempts. @returns whether it was in a state to be retried. */
  async retry(manager: EntityManager, workspaceId: string, id: string): Promise<boolean> {
    const result = await manager
      .createQueryBuilder()
      .update(InferenceJobEntity)
      .set({
        status: 'QUEUED',
        attempts: 0,
        generation: () => 'generation + 1',
        pack: null,
        availableAt: () => 'now()',
        enqueuedAt: () => 'now()',
        startedAt: null,
        endedAt: null,
        executor: null,
        errorCode: null,
        errorMessage: null,
      })
      .where('workspaceId = :workspaceId AND id = :id', { workspaceId, id })
      .andWhere('status = ANY(:from)', { from: retryableStatuses })
      .execute();
    return result.affected === 1;
  }

  private select(manager = this.jobs.manager) {
    return manager.createQueryBuilder(InferenceJobEntity, 'job').select(selection);
  }
}

/** A job as it was just written; spares reading it back. */
function recordOf(job: NewInferenceJob, createdAt: Date): InferenceJobRecord {
  const { payload: _payload, ...facts } = job;
  return {
    ...facts,
    status: 'QUEUED',
    generation: 1,
    attempts: 0,
    executor: null,
    errorCode: null,
    errorMessage: null,
    worker: null,
    createdAt,
    availableAt: createdAt,
    enqueuedAt: createdAt,
    leaseUntil: null,
    startedAt: null,
    endedAt: null,
  };
}

function readCursor(after: string): { createdAt: Date; id: string } {
  const [time, id] = decodeCursor(after, 2);
  return { createdAt: new Date(String(time)), id: String(id) };
}
