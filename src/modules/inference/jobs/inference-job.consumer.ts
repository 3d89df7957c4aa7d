import { OnWorkerEvent, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { turnsFromData } from '../../../common/queue/pack.rules.js';
import { QueueConsumer } from '../../../common/queue/queue-consumer.decorator.js';
import { ExecutorView } from '../client/executor-view.js';
import { firstReady } from '../directory/first-ready.js';
import { JobAnnouncements } from './job-announcements.js';
import { JobExecutionRepository } from './job-execution.repository.js';
import { JobIntake } from './job-intake.js';
import { JobLedger, LEASE_MS } from './job-ledger.js';
import { JobRunner } from './job-runner.js';

/** How often the worker says that it lives, in milliseconds: three times within a lease. */
const RENEW_MS = LEASE_MS / 3;

/** How long a worker that starts waits for an executor before it takes jobs all the same, in milliseconds. */
const EXECUTORS_READY_WITHIN_MS = 10_000;

/** Takes inference jobs from the queue for as long as the worker runs. */
@QueueConsumer('inference')
@Injectable()
export class InferenceJobConsumer extends WorkerHost implements OnApplicationBootstrap {
  private renewal: NodeJS.Timeout | undefined;
  private endSubscription: (() => void) | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly intake: JobIntake,
    private readonly runner: JobRunner,
    private readonly ledger: JobLedger,
    private readonly repository: JobExecutionRepository,
    private readonly announcements: JobAnnouncements,
    private readonly view: ExecutorView,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  override async process(job: Job): Promise<void> {
    await this.intake.takeOn(turnsFromData(job.data), job.priority);
    this.worker.concurrency = this.intake.queueJobs;
  }

  @OnWorkerEvent('error')
  onError(err: Error): void {
    this.logger.warn({ err }, 'the worker cannot reach the inference queue');
  }

  @OnWorkerEvent('failed')
  onFailed(_job: Job | undefined, err: Error): void {
    this.logger.warn({ err }, 'a job of the inference queue failed; the sweeper queues again what it brought');
  }

  onApplicationBootstrap(): void {
    this.endSubscription = this.announcements.subscribe(({ id, status }) => {
      if (status === 'CANCELLED') this.runner.cancel(id);
    });
    this.renewal = setInterval(() => void this.renewLeases(), RENEW_MS);
    void this.takeJobs();
  }

  /** Takes no more jobs, lets those in flight end within the time there is, and hands the rest back. */
  async stop(): Promise<void> {
    // Not paused: a worker that waits for jobs would take one more, such as the one it hands back.
    const closed = this.worker.close();
    await this.intake.stop(this.settings.NESTOR_SHUTDOWN_TIMEOUT_MS);
    await closed;
    clearInterval(this.renewal);
    this.endSubscription?.();
    await this.announcements.flush();
  }

  /** Jobs taken before the executors are started would only spend their attempts. */
  private async takeJobs(): Promise<void> {
    try {
      if (this.settings.NESTOR_EXECUTORS > 0) await firstReady(this.view, EXECUTORS_READY_WITHIN_MS);
      this.worker.concurrency = this.intake.queueJobs;
      if (this.worker.closing === undefined) await this.worker.run();
    } catch (err) {
      this.logger.error({ err }, 'the worker stopped taking inference jobs');
    }
  }

  /** A job whose row is no longer this worker's was cancelled or given to another: there is no use in running it. */
  private async renewLeases(): Promise<void> {
    const ids = this.runner.runningIds;
    if (ids.length === 0) return;
    try {
      const own = await this.repository.renewLeases(ids, this.ledger.worker, LEASE_MS);
      for (const id of ids) if (!own.has(id)) this.runner.cancel(id);
    } catch (err) {
      this.logger.warn({ err }, 'the leases of running jobs could not be renewed');
    }
  }
}
