import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { hexOfDigest } from '../../../common/storage/digest.js';
import type { AuditDetail } from '../../audit/audit-event.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import type { AuditedTransaction } from '../../audit/audited-transaction.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import { inPacks } from '../../../common/queue/pack.rules.js';
import { modelFor, PredictionRouter } from '../prediction/prediction-router.js';
import { predictionLimits } from '../prediction/prediction-limits.js';
import { checkRequest, isGiven, readInputs, readOutputNames, rowsOf } from '../prediction/request.rules.js';
import { byWorkspace } from './by-workspace.js';
import { GroupCommit } from './group-commit.js';
import type { InferenceJobRecord, NewInferenceJob } from './inference-job.js';
import { InferenceJobRepository } from './inference-job.repository.js';
import { InferenceQueue } from './inference-queue.js';
import { encodeJobRequest } from './job-payload.js';
import { checkSubmission, hashSubmission, type Submission } from './submission.rules.js';

const MIB = 1024 * 1024;

interface Submitted {
  readonly context: ActorContext;
  readonly job: PreparedJob;
}

/** A job that has been checked, and is not in a pack yet. */
type PreparedJob = Omit<NewInferenceJob, 'pack'>;

/** What became of a submission: a job, new or known by its key, or the reason why there is none. */
type Answer = InferenceJobRecord | CodedError;

/**
 * Takes jobs: the row is written first, many in one transaction, then the queue is told. A queue that is down does not
 * matter to the caller, for the sweeper queues what is written.
 */
@Injectable()
export class SubmissionService {
  private readonly group = new GroupCommit<Submitted, Answer>((items) => this.commit(items), {
    maxItems: 500,
    maxUnderWay: 2,
    bytesOf: ({ job }) => job.payload.byteLength,
    maxBytes: 16 * MIB,
  });

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly router: PredictionRouter,
    private readonly registry: RegistrySnapshot,
    private readonly repository: InferenceJobRepository,
    private readonly queue: InferenceQueue,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Checks everything that can be checked now, so that what is wrong with the input is said at once. A deployment chooses
   * the version now, too: a job stays with it however long it waits.
   * @returns the job once it is recorded; the first one where the idempotency key is known.
   * @throws {CodedError} IDEMPOTENCY_MISMATCH, and all that `predict` says of input and model.
   */
  async submit(context: ActorContext, submission: Submission): Promise<InferenceJobRecord> {
    const job = await this.prepare(context, submission);
    const answer = await this.group.add({ context, job });
    if (answer instanceof CodedError) throw answer;
    return answer;
  }

  private async prepare(context: ActorContext, submission: Submission): Promise<PreparedJob> {
    const limits = predictionLimits(this.settings);
    const { timeoutMs } = checkRequest(submission, limits);
    checkSubmission(submission);
    const { workspaceId } = context.actor;
    const route = await this.router.route(workspaceId, submission);
    const version = await this.registry.resolveServed(workspaceId, modelFor(submission, route));
    const tensors = readInputs(version, submission, limits.maxJsonElements);
    const outputs = readOutputNames(version, submission.outputs);
    const digest = hexOfDigest(version.digest);
    const idempotencyKey = submission.idempotencyKey ?? null;
    return {
      id: randomUUID(),
      workspaceId,
      modelVersionId: version.versionId,
      model: version.model,
      version: version.version,
      deployment: route?.deployment ?? null,
      variant: route?.variant ?? null,
      digest,
      priority: submission.priority ?? 0,
      maxAttempts: submission.maxAttempts ?? this.settings.NESTOR_JOB_ATTEMPTS,
      timeoutMs,
      requestId: submission.requestId ?? context.requestId,
      encoding: submission.encoding ?? null,
      withRecords: isGiven(submission.records),
      rows: rowsOf(tensors),
      idempotencyKey,
      payloadHash: idempotencyKey === null ? null : hashSubmission(submission),
      payload: encodeJobRequest({ digest, batchable: version.batchable, deadlineMs: timeoutMs, outputs, tensors }),
    };
  }

  private async commit(items: readonly Submitted[]): Promise<Answer[]> {
    const [first] = items;
    if (first === undefined) return [];
    const { answers, created } = await this.audit.transaction(first.context, (transaction) =>
      this.write(transaction, items),
    );
    await this.queue.add(
      created.map(({ id, generation, priority, pack }) => ({ id, generation, priority, pack, delayMs: 0 })),
    );
    return answers;
  }

  private async write(
    transaction: AuditedTransaction,
    items: readonly Submitted[],
  ): Promise<{ answers: Answer[]; created: InferenceJobRecord[] }> {
    const created = await this.repository.insertAll(
      transaction.manager,
      inPacks(
        items.map(({ job }) => job),
        randomUUID,
      ),
    );
    const repeated = items.filter(({ job }) => !created.has(job.id));
    const known = await this.findByKeys(transaction, repeated);
    const answers = items.map(({ context, job }) => {
      const record = created.get(job.id) ?? known.get(keyOf(job));
      const answer = record === undefined ? lostKey(job) : matching(job, record);
      const isRefused = answer instanceof CodedError;
      transaction.audit(
        {
          action: 'inference-job.submit',
          resourceType: 'inference-job',
          resourceId: record?.id ?? job.id,
          detail: { ...modelOf(record ?? job), isRepeated: !created.has(job.id) },
          ...(isRefused && { outcome: 'FAILURE' as const, errorCode: answer.code }),
        },
        context,
      );
      return answer;
    });
    return { answers, created: [...created.values()] };
  }

  private async findByKeys(
    { manager }: AuditedTransaction,
    repeated: readonly Submitted[],
  ): Promise<Map<string, InferenceJobRecord>> {
    const found = new Map<string, InferenceJobRecord>();
    for (const [workspaceId, jobs] of byWorkspace(repeated.map(({ job }) => job))) {
      const keys = jobs.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
      for (const record of await this.repository.findByKeys(workspaceId, keys, manager))
        found.set(keyOf(record), record);
    }
    return found;
  }
}

const keyOf = ({ workspaceId, idempotencyKey }: Pick<PreparedJob, 'workspaceId' | 'idempotencyKey'>): string =>
  `${workspaceId} ${idempotencyKey}`;

/** A repeated submission may have been sent elsewhere than the job that it finds. */
const modelOf = ({ model, version, deployment, variant }: PreparedJob | InferenceJobRecord): AuditDetail =>
  deployment === null || variant === null ? { model, version } : { model, version, deployment, variant };

/** The same key with another payload is a mistake of the caller's that must not go unnoticed. */
function matching(job: PreparedJob, record: InferenceJobRecord): Answer {
  if (record.payloadHash === job.payloadHash) return record;
  return new CodedError(
    'IDEMPOTENCY_MISMATCH',
    `idempotencyKey: ${JSON.stringify(job.idempotencyKey)} was used before with another payload. Use a new key for a new request.`,
    { details: { jobId: record.id } },
  );
}

/** The job under this key was deleted between the two statements. */
function lostKey(job: PreparedJob): CodedError {
  return new CodedError(
    'CONFLICT',
    `idempotencyKey: ${JSON.stringify(job.idempotencyKey)} is just being freed. Try again.`,
  );
}
