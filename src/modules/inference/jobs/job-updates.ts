import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import type { InferenceJobRecord } from './inference-job.js';
import { notFound } from './inference-jobs.service.js';
import { InferenceJobsService } from './inference-jobs.service.js';
import { JobAnnouncements } from './job-announcements.js';
import { isEnded } from './job-state.rules.js';

/** A subscription looks at the row this often even if nothing was announced, in milliseconds. */
const LOOK_AGAIN_MS = 15_000;

/**
 * Tells subscribers of each change of a job until it ends. One listener in the process; an announcement only says that
 * it is time to look at the row, which is looked at once at the beginning and after every gap, so that nothing is missed.
 */
@Injectable()
export class JobUpdates implements OnModuleInit, OnApplicationShutdown {
  /** What to call when a job may have changed, by job id. */
  private readonly watchers = new Map<string, Set<() => void>>();
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly jobs: InferenceJobsService,
    @Inject(JobAnnouncements) private readonly announcements: JobAnnouncements,
  ) {}

  onModuleInit(): void {
    this.endings.push(
      this.announcements.subscribe(({ id }) => this.wake(id)),
      this.announcements.onGap(() => this.wakeAll()),
    );
  }

  onApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) end();
    this.wakeAll();
  }

  /**
   * The job as it is now and after each change, up to the state in which it ended.
   * @throws {CodedError} NOT_FOUND by the first `next()`.
   */
  watch(context: ActorContext, id: string): AsyncIterableIterator<InferenceJobRecord, undefined> {
    return new JobUpdateStream(
      () => this.jobs.find(context, id),
      (wake) => this.register(id, wake),
      id,
    );
  }

  /** How many subscriptions are open. */
  get watching(): number {
    let count = 0;
    for (const wakers of this.watchers.values()) count += wakers.size;
    return count;
  }

  private register(id: string, wake: () => void): () => void {
    const wakers = this.watchers.get(id) ?? new Set();
    this.watchers.set(id, wakers.add(wake));
    return () => {
      wakers.delete(wake);
      if (wakers.size === 0 && this.watchers.get(id) === wakers) this.watchers.delete(id);
    };
  }

  private wake(id: string): void {
    for (const wake of this.watchers.get(id) ?? []) wake();
  }

  private wakeAll(): void {
    for (const id of this.watchers.keys()) this.wake(id);
  }
}

/** By hand instead of a generator: `return()` must end a `next()` that waits, which a generator's does not. */
class JobUpdateStream implements AsyncIterableIterator<InferenceJobRecord, undefined> {
  private readonly unregister: () => void;
  private isDone = false;
  /** Something may have happened since the row was last looked at; at the beginning nobody has looked yet. */
  private isStale = true;
  private resume: (() => void) | undefined;
  private lastSeen: string | undefined;

  constructor(
    private readonly look: () => Promise<InferenceJobRecord | null>,
    register: (wake: () => void) => () => void,
    private readonly id: string,
  ) {
    this.unregister = register(() => {
      this.isStale = true;
      this.resume?.();
    });
  }

  async next(): Promise<IteratorResult<InferenceJobRecord, undefined>> {
    while (!this.isDone) {
      if (!this.isStale) await this.change();
      if (this.isDone) break;
      this.isStale = false;
      const job = await this.look().catch((error: unknown) => this.fail(error));
      if (job === null) return this.fail(notFound(this.id));
      const seen = `${job.status} ${job.generation} ${job.attempts}`;
      if (isEnded(job.status)) this.finish();
      if (seen === this.lastSeen) continue;
      this.lastSeen = seen;
      return { done: false, value: job };
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<InferenceJobRecord, undefined>> {
    this.finish();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private fail(error: unknown): never {
    this.finish();
    throw error;
  }

  private finish(): void {
    this.isDone = true;
    this.unregister();
    this.resume?.();
  }

  private async change(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_AGAIN_MS);
      timer.unref();
      this.resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.resume = undefined;
    this.isStale = true;
  }
}
