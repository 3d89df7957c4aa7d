import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import { ExecutorClient, type InferenceResult } from '../client/executor-client.js';
import { ExecutorView } from '../client/executor-view.js';
import { countReady } from '../directory/first-ready.js';
import { InferenceMetrics } from '../metrics/inference-metrics.js';
import { descriptorOf, placementOf } from '../prediction/serving.rules.js';
import { failedAttempt } from '../../../common/queue/failed-attempt.js';
import type { ClaimedJob, Completion } from './job-execution.repository.js';
import { decodeJobRequest, encodeJobResult } from './job-payload.js';
import { JobLedger } from './job-ledger.js';
import { JobPace } from './job-pace.js';

/** Largest result that is kept, in bytes. PostgreSQL would take up to 1 GB, at a cost to everybody else. */
const MAX_RESULT_BYTES = 64 * 1024 * 1024;

/** One that runs and one that is there when it ends. */
const JOBS_PER_EXECUTOR = 2;

/** Why a run is given up. */
type AbortReason = 'CANCELLED' | 'HANDED_BACK';

/** Runs one turn of a job: lets an executor work, records how it ended. */
@Injectable()
export class JobRunner {
  /** Jobs that this worker has taken on, by id. */
  private readonly running = new Map<string, AbortController>();
  private readonly pace: JobPace;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly ledger: JobLedger,
    private readonly registry: RegistrySnapshot,
    private readonly executors: ExecutorClient,
    view: ExecutorView,
    private readonly metrics: InferenceMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.pace = new JobPace(settings.NESTOR_JOB_CONCURRENCY, () => JOBS_PER_EXECUTOR * countReady(view));
  }

  /** How many jobs this worker should have in hand. */
  get places(): number {
    return this.pace.places;
  }

  get runningIds(): string[] {
    return [...this.running.keys()];
  }

  /** Runs a job that this worker has taken on, and records how its turn ended. */
  async run(job: ClaimedJob): Promise<void> {
    const abort = new AbortController();
    this.running.set(job.id, abort);
    this.metrics.started('queued');
    try {
      const completion = await this.attempt(job, abort.signal);
      await this.ledger.complete(completion);
    } finally {
      if (this.running.get(job.id) === abort) this.running.delete(job.id);
      this.metrics.ended('queued');
    }
  }

  /** Gives a job up whose row is no longer this worker's. */
  cancel(id: string): void {
    this.running.get(id)?.abort('CANCELLED' satisfies AbortReason);
  }

  /** Puts everything that still runs back into the queue, without counting the attempt. */
  handBack(): void {
    for (const abort of this.running.values()) abort.abort('HANDED_BACK' satisfies AbortReason);
  }

  private async attempt(job: ClaimedJob, signal: AbortSignal): Promise<Completion> {
    const startedAt = performance.now();
    const inHand = this.running.size;
    let errorCode: ErrorCode | null = null;
    let answer: InferenceResult | null = null;
    try {
      answer = await this.infer(job, signal);
      return succeeded(job, answer);
    } catch (error) {
      if (signal.aborted) {
        errorCode = 'CANCELLED';
        return handedBack(job);
      }
      const completion = this.failed(job, error);
      errorCode = completion.errorCode;
      return completion;
    } finally {
      const elapsedMs = performance.now() - startedAt;
      this.pace.observe(elapsedMs, inHand);
      this.metrics.observe({ lane: 'queued', target: job, errorCode, elapsedMs, answer });
    }
  }

  private async infer(job: ClaimedJob, signal: AbortSignal): Promise<InferenceResult> {
    const { digest, outputs, tensors } = decodeJobRequest(job.payload);
    const { workspaceId, model, version } = job;
    const target = await this.registry.resolveServed(workspaceId, { model, version });
    return this.executors.infer({
      digest,
      descriptor: descriptorOf(target),
      placement: placementOf(target),
      tensors,
      outputs,
      deadlineMs: job.timeoutMs,
      signal,
    });
  }

  private failed(job: ClaimedJob, error: unknown): Completion {
    const { id: jobId, attempt, maxAttempts } = job;
    const numbers = { attempt, maxAttempts, backoffMs: this.settings.NESTOR_JOB_BACKOFF_MS };
    const { kind, ...failure } = failedAttempt(error, numbers, (facts) =>
      this.logger.error({ ...facts, jobId }, 'an inference job failed unexpectedly'),
    );
    this.logger.debug({ jobId, attempt, code: failure.errorCode, next: kind }, 'an attempt of a job failed');
    return { ...ended(job), ...failure, status: kind === 'RETRY' ? 'QUEUED' : kind };
  }
}

function succeeded(job: ClaimedJob, answer: InferenceResult): Completion {
  const result = encodeJobResult(answer);
  if (result.byteLength > MAX_RESULT_BYTES) {
    throw new CodedError(
      'PAYLOAD_TOO_LARGE',
      `The result has ${result.byteLength} bytes; queued jobs keep at most ${MAX_RESULT_BYTES}. Ask for fewer outputs, or use predict.`,
    );
  }
  return { ...ended(job), status: 'SUCCEEDED', result, executor: answer.executor };
}

/** The job goes back as it came; where it was cancelled meanwhile, the row says so and stays as it is. */
function handedBack(job: ClaimedJob): Completion {
  return { ...ended(job), status: 'QUEUED', isHandedBack: true };
}

function ended({ id, generation, attempt }: ClaimedJob): Omit<Completion, 'status'> {
  return {
    id,
    generation,
    attempt,
    result: null,
    executor: null,
    errorCode: null,
    errorMessage: null,
    delayMs: 0,
    isHandedBack: false,
  };
}
