import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import type { Digest } from '../../../common/storage/digest.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import type { AuditedTransaction } from '../../audit/audited-transaction.js';
import { ArtifactService } from '../../registry/artifact.service.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import { BatchAnnouncements } from './batch-announcements.js';
import type { BatchRecord, NewBatch } from './batch-inference.js';
import { BatchStepQueue } from './batch-queues.js';
import {
  type BatchSubmission,
  checkBatchSubmission,
  checkTakesRows,
  hashBatchSubmission,
} from './batch-submission.rules.js';
import { BatchRepository } from './batch.repository.js';
import { formatOf, SNIFFED_BYTES } from './file-format.rules.js';

/** Takes batches: the row is written first, then the queue is told; the sweeper queues what the queue did not hear. */
@Injectable()
export class BatchSubmissionService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly artifacts: ArtifactService,
    private readonly store: ArtifactStore,
    private readonly registry: RegistrySnapshot,
    private readonly repository: BatchRepository,
    private readonly queue: BatchStepQueue,
    private readonly announcements: BatchAnnouncements,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @returns the batch once it is recorded; the first one where the idempotency key is known.
   * @throws {CodedError} INVALID_INPUT, INVALID_RECORD, INVALID_FILE, ARTIFACT_NOT_FOUND, MODEL_NOT_FOUND,
   * MODEL_NOT_READY, IDEMPOTENCY_MISMATCH.
   */
  async submit(context: ActorContext, submission: BatchSubmission): Promise<BatchRecord> {
    const batch = await this.prepare(context, submission);
    return this.audit.transaction(context, async (transaction) => {
      const isNew = await this.repository.insert(transaction.manager, batch);
      const record = isNew
        ? await this.repository.find(batch.workspaceId, batch.id, transaction.manager)
        : await this.knownBatch(transaction, batch);
      if (record === null) throw new CodedError('CONFLICT', 'idempotencyKey: is just being freed. Try again.');
      transaction.audit({
        action: 'batch-inference.submit',
        resourceType: 'batch-inference',
        resourceId: record.id,
        detail: { model: batch.model, version: batch.version, input: batch.inputDigest, isRepeated: !isNew },
      });
      if (isNew) transaction.afterCommit(() => this.enqueue(record));
      return record;
    });
  }

  private async enqueue({ id, generation, priority, status }: BatchRecord): Promise<void> {
    await this.queue.add([{ id, generation, priority, delayMs: 0 }]);
    this.announcements.announce([{ id, status }]);
  }

  private async prepare(context: ActorContext, submission: BatchSubmission): Promise<NewBatch> {
    checkBatchSubmission(submission);
    const { workspaceId, kind, id, name } = context.actor;
    const { digest } = await this.artifacts.hold(context, submission.input);
    const version = await this.registry.resolveServed(workspaceId, submission);
    checkTakesRows(version);
    const inputFormat = submission.format ?? formatOf(await this.beginningOf(digest));
    const idempotencyKey = submission.idempotencyKey ?? null;
    return {
      id: randomUUID(),
      workspaceId,
      modelVersionId: version.versionId,
      model: version.model,
      version: version.version,
      inputDigest: digest,
      inputFormat,
      outputFormat: submission.outputFormat ?? inputFormat,
      includeInput: submission.includeInput ?? false,
      chunkRows: submission.chunkRows ?? this.settings.NESTOR_BATCH_CHUNK_ROWS,
      priority: submission.priority ?? 0,
      maxAttempts: this.settings.NESTOR_JOB_ATTEMPTS,
      requestId: context.requestId,
      requestedBy: { kind, id, name },
      idempotencyKey,
      payloadHash: idempotencyKey === null ? null : hashBatchSubmission(submission),
    };
  }

  private async beginningOf(digest: Digest): Promise<Buffer> {
    return buffer(await this.store.read(digest, { start: 0, end: SNIFFED_BYTES }));
  }

  /** The same key with another payload is a mistake of the caller's that must not go unnoticed. */
  private async knownBatch({ manager }: AuditedTransaction, batch: NewBatch): Promise<BatchRecord | null> {
    const { workspaceId, idempotencyKey, payloadHash } = batch;
    if (idempotencyKey === null) return null;
    const known = await this.repository.findByKey(manager, workspaceId, idempotencyKey);
    if (known === null || known.payloadHash === payloadHash) return known;
    throw new CodedError(
      'IDEMPOTENCY_MISMATCH',
      `idempotencyKey: ${JSON.stringify(idempotencyKey)} was used before with another payload. Use a new key for a new request.`,
      { details: { batchId: known.id } },
    );
  }
}
