import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import type { InferenceJobRecord } from './inference-job.js';
import { notFound } from './inference-jobs.service.js';
import { InferenceJobsService } from './inference-jobs.service.js';
import { JobAnnouncements } from './job-announcements.js';
import { isEnded } from './job-state.rules.js';
import { RowWatchers } from './row-watchers.js';

/** Tells subscribers of each change of a job until it ends. One listener in the process. */
@Injectable()
export class JobUpdates implements OnModuleInit, OnApplicationShutdown {
  private readonly watchers = new RowWatchers();
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly jobs: InferenceJobsService,
    @Inject(JobAnnouncements) private readonly announcements: JobAnnouncements,
  ) {}

  onModuleInit(): void {
    this.endings.push(
      this.announcements.subscribe(({ id }) => this.watchers.wake(id)),
      this.announcements.onGap(() => this.watchers.wakeAll()),
    );
  }

  onApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) end();
    this.watchers.wakeAll();
  }

  /**
   * The job as it is now and after each change, up to the state in which it ended.
   * @throws {CodedError} NOT_FOUND by the first `next()`.
   */
  watch(context: ActorContext, id: string): AsyncIterableIterator<InferenceJobRecord, undefined> {
    return this.watchers.watch(id, {
      look: () => this.jobs.find(context, id),
      missing: () => notFound(id),
      isEnded: ({ status }) => isEnded(status),
      fingerprint: ({ status, generation, attempts }) => `${status} ${generation} ${attempts}`,
    });
  }

  /** How many subscriptions are open. */
  get watching(): number {
    return this.watchers.watching;
  }
}
