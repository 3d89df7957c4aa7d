import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import { RowSubscriptions } from '../../../../common/notifications/row-subscriptions.js';
import type { WatchedRow } from '../../../../common/notifications/row-watchers.js';
import { LeasedRowAnnouncements } from '../../../../common/queue/leased-row-announcements.js';
import type { HistoricalFeaturesJob } from './historical-features-job.js';
import { HistoricalFeaturesService } from './historical-features.service.js';
import { jobNotFound } from './job-id.rules.js';

/** Tells subscribers of the progress of a job that gets historical features until it ends. */
@Injectable()
export class HistoricalFeaturesUpdates extends RowSubscriptions<HistoricalFeaturesJob> {
  constructor(
    private readonly jobs: HistoricalFeaturesService,
    announcements: LeasedRowAnnouncements,
  ) {
    super(announcements);
  }

  protected override rowOf(context: ActorContext, id: string): WatchedRow<HistoricalFeaturesJob> {
    return {
      look: () => this.jobs.find(context, id),
      missing: () => jobNotFound(id),
      isEnded: ({ endedAt }) => endedAt !== null,
      fingerprint: ({ status, generation, attempts, phase }) => `${status} ${generation} ${attempts} ${phase}`,
    };
  }
}
