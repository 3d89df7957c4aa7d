import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../../../common/observability/logger.js';
import { queues } from '../../../common/queue/queues.js';
import { GroupCommit } from './group-commit.js';
import type { Delivery } from '../../../common/queue/delivery.js';
import { InferenceQueue } from './inference-queue.js';
import { JobAnnouncements } from './job-announcements.js';
import { type ClaimedJob, type Completion, JobExecutionRepository } from './job-execution.repository.js';

const MIB = 1024 * 1024;

/** A job belongs to its worker for so long without a sign of life, in milliseconds. */
export const LEASE_MS = queues.inference.lockDurationMs;

/** Waits between attempts to write while the database is away, in milliseconds; together below the lease. */
const WRITE_RETRY_MS = [100, 400, 1_000, 2_000, 4_000];

/**
 * What this worker writes of its jobs: many in one statement, as they come. Results are announced and turns to come are
 * queued once they are written.
 */
@Injectable()
export class JobLedger {
  /** Id of this worker in the rows it holds; another one after each start. */
  readonly worker = randomUUID();

  private readonly claims = new GroupCommit<Delivery, ClaimedJob | undefined>(
    (deliveries) => this.claimAll(deliveries),
    {
      maxItems: 200,
      maxUnderWay: 2,
    },
  );

  private readonly completions = new GroupCommit<Completion, void>((items) => this.completeAll(items), {
    maxItems: 500,
    maxUnderWay: 2,
    bytesOf: ({ result }) => result?.byteLength ?? 0,
    maxBytes: 16 * MIB,
  });

  constructor(
    private readonly repository: JobExecutionRepository,
    private readonly queue: InferenceQueue,
    private readonly announcements: JobAnnouncements,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns undefined where the job does not wait for this turn. */
  claim(delivery: Delivery): Promise<ClaimedJob | undefined> {
    return this.claims.add(delivery);
  }

  /** Resolves when it is written; where the job is no longer this worker's, nothing is. */
  complete(completion: Completion): Promise<void> {
    return this.completions.add(completion);
  }

  private async claimAll(deliveries: readonly Delivery[]): Promise<(ClaimedJob | undefined)[]> {
    const claimed = await this.persist(() => this.repository.claim(deliveries, this.worker, LEASE_MS));
    this.announcements.announce([...claimed.values()].map(({ id }) => ({ id, status: 'RUNNING' as const })));
    return deliveries.map((delivery) => takeOnce(claimed, delivery));
  }

  private async completeAll(completions: readonly Completion[]): Promise<void[]> {
    const changed = [...(await this.persist(() => this.repository.complete(completions, this.worker))).values()];
    this.announcements.announce(changed);
    await this.queue.add(changed.filter(({ status }) => status === 'QUEUED'));
    return completions.map(() => undefined);
  }

  /** Tries again while the database is away: neither a turn nor what was computed in it should be lost to that. */
  private async persist<Result>(write: () => Promise<Result>): Promise<Result> {
    for (const waitMs of WRITE_RETRY_MS) {
      try {
        return await write();
      } catch (err) {
        this.logger.warn({ err }, 'the state of inference jobs could not be written; trying again');
        await sleep(waitMs);
      }
    }
    return write();
  }
}

/** The queue may hand the same turn out twice at about the same time; only one of them runs it. */
function takeOnce(claimed: Map<string, ClaimedJob>, { id }: Delivery): ClaimedJob | undefined {
  const job = claimed.get(id);
  claimed.delete(id);
  return job;
}
