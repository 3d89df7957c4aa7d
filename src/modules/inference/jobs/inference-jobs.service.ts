import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import type { AuditedTransaction } from '../../audit/audited-transaction.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import type { Prediction } from '../prediction/dto/prediction.type.js';
import type { ModelContract } from '../prediction/model-contract.js';
import { presentPrediction } from '../prediction/present-prediction.js';
import { byWorkspace } from './by-workspace.js';
import { GroupCommit } from './group-commit.js';
import type { InferenceJobRecord } from './inference-job.js';
import { type InferenceJobCriteria, InferenceJobRepository } from './inference-job.repository.js';
import { InferenceQueue } from './inference-queue.js';
import { JobAnnouncements } from './job-announcements.js';
import { decodeJobResult } from './job-payload.js';

type JobKey = Pick<InferenceJobRecord, 'workspaceId' | 'id'>;

/** Jobs as their owners see and steer them. */
@Injectable()
export class InferenceJobsService {
  /** Results of many jobs asked for at once are read with one query. */
  private readonly results = new GroupCommit<JobKey, Buffer | null>((keys) => this.loadResults(keys), {
    maxItems: 100,
    maxUnderWay: 2,
  });

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly repository: InferenceJobRepository,
    private readonly registry: RegistrySnapshot,
    private readonly queue: InferenceQueue,
    private readonly announcements: JobAnnouncements,
    private readonly audit: AuditTrail,
  ) {}

  async find({ actor }: ActorContext, id: string): Promise<InferenceJobRecord | null> {
    return isUuid(id) ? this.repository.find(actor.workspaceId, id) : null;
  }

  async page(
    { actor }: ActorContext,
    criteria: InferenceJobCriteria,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<InferenceJobRecord>> {
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    return this.repository.page(actor.workspaceId, criteria, size, after);
  }

  /** The answer of a job that succeeded; null before. */
  async resultOf(job: InferenceJobRecord): Promise<Prediction | null> {
    if (job.status !== 'SUCCEEDED') return null;
    const stored = await this.results.add(job);
    if (stored === null) return null;
    const { requestId, model, version, deployment, variant, encoding, withRecords, rows } = job;
    const executor = job.executor ?? '';
    const none = { predictionId: null, fromCache: false, used: null };
    const facts = { requestId, model, version, deployment, variant, executor, ...none };
    return presentPrediction(facts, decodeJobResult(stored), {
      model: await this.contractOf(job),
      encoding,
      withRecords,
      rows,
      maxJsonElements: this.settings.NESTOR_JSON_TENSOR_MAX_ELEMENTS,
    });
  }

  /**
   * Cancels a job that has not ended; a result that comes in later is discarded. Cancelling twice is fine.
   * @throws {CodedError} NOT_FOUND; CONFLICT when it ended otherwise.
   */
  async cancel(context: ActorContext, id: string): Promise<InferenceJobRecord> {
    const job = await this.change(context, id, 'inference-job.cancel', async ({ manager }, workspaceId) => {
      const isChanged = await this.repository.cancel(manager, workspaceId, id);
      const now = await this.repository.find(workspaceId, id, manager);
      if (!isChanged && now !== null && now.status !== 'CANCELLED') {
        throw new CodedError('CONFLICT', `The job is ${now.status}; only one that has not ended can be cancelled.`);
      }
      return now;
    });
    this.announcements.announce([job]);
    return job;
  }

  /**
   * Queues a job again that failed, died or was cancelled, with fresh attempts.
   * @throws {CodedError} NOT_FOUND; CONFLICT when it succeeded or has not ended.
   */
  async retry(context: ActorContext, id: string): Promise<InferenceJobRecord> {
    const job = await this.change(context, id, 'inference-job.retry', async ({ manager }, workspaceId) => {
      const isChanged = await this.repository.retry(manager, workspaceId, id);
      const now = await this.repository.find(workspaceId, id, manager);
      if (!isChanged && now !== null) {
        throw new CodedError('CONFLICT', `The job is ${now.status}; only FAILED, DEAD and CANCELLED can be retried.`);
      }
      return now;
    });
    await this.queue.add([{ id: job.id, generation: job.generation, priority: job.priority, delayMs: 0 }]);
    this.announcements.announce([job]);
    return job;
  }

  private async change(
    context: ActorContext,
    id: string,
    action: string,
    work: (transaction: AuditedTransaction, workspaceId: string) => Promise<InferenceJobRecord | null>,
  ): Promise<InferenceJobRecord> {
    if (!isUuid(id)) throw notFound(id);
    return this.audit.transaction(context, async (transaction) => {
      const job = await work(transaction, context.actor.workspaceId);
      if (job === null) throw notFound(id);
      transaction.audit({
        action,
        resourceType: 'inference-job',
        resourceId: id,
        detail: { model: job.model, version: job.version },
      });
      return job;
    });
  }

  /** What the version's hints are now; null where the version is gone. */
  private async contractOf({ workspaceId, model, version }: InferenceJobRecord): Promise<ModelContract | null> {
    try {
      return await this.registry.resolve(workspaceId, { model, version });
    } catch (error) {
      if (error instanceof CodedError && error.code === 'MODEL_NOT_FOUND') return null;
      throw error;
    }
  }

  private async loadResults(keys: readonly JobKey[]): Promise<(Buffer | null)[]> {
    const found = new Map<string, Buffer>();
    for (const [workspaceId, items] of byWorkspace(keys)) {
      const results = await this.repository.results(
        workspaceId,
        items.map(({ id }) => id),
      );
      for (const [id, result] of results) found.set(`${workspaceId} ${id}`, result);
    }
    return keys.map(({ workspaceId, id }) => found.get(`${workspaceId} ${id}`) ?? null);
  }
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

export const notFound = (id: string): CodedError =>
  new CodedError('NOT_FOUND', `There is no inference job ${JSON.stringify(id.slice(0, 64))} in this workspace.`);
