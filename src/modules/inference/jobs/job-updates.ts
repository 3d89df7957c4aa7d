import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { RowSubscriptions } from '../../../common/notifications/row-subscriptions.js';
import type { WatchedRow } from '../../../common/notifications/row-watchers.js';
import type { InferenceJobRecord } from './inference-job.js';
import { InferenceJobsService, notFound } from './inference-jobs.service.js';
import { JobAnnouncements } from './job-announcements.js';
import { isEnded } from './job-state.rules.js';

/** Tells subscribers of each change of a job until it ends. */
@Injectable()
export class JobUpdates extends RowSubscriptions<InferenceJobRecord> {
  constructor(
    private readonly jobs: InferenceJobsService,
    @Inject(JobAnnouncements) announcements: JobAnnouncements,
  ) {
    super(announcements);
  }

  protected override rowOf(context: ActorContext, id: string): WatchedRow<InferenceJobRecord> {
    return {
      look: () => this.jobs.find(context, id),
      missing: () => notFound(id),
      isEnded: ({ status }) => isEnded(status),
      fingerprint: ({ status, generation, attempts }) => `${status} ${generation} ${attempts}`,
    };
  }
}
