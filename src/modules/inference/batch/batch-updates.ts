import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { RowSubscriptions } from '../../../common/notifications/row-subscriptions.js';
import type { WatchedRow } from '../../../common/notifications/row-watchers.js';
import { BatchAnnouncements } from './batch-announcements.js';
import type { BatchRecord } from './batch-inference.js';
import { isBatchEnded } from './batch-state.rules.js';
import { batchNotFound, BatchesService } from './batches.service.js';

/** Tells subscribers of the progress of a batch until it ends. */
@Injectable()
export class BatchUpdates extends RowSubscriptions<BatchRecord> {
  constructor(
    private readonly batches: BatchesService,
    announcements: BatchAnnouncements,
  ) {
    super(announcements);
  }

  protected override rowOf(context: ActorContext, id: string): WatchedRow<BatchRecord> {
    return {
      look: () => this.batches.find(context, id),
      missing: () => batchNotFound(id),
      isEnded: ({ status }) => isBatchEnded(status),
      fingerprint: ({ status, generation, attempts, rowsDone }) => `${status} ${generation} ${attempts} ${rowsDone}`,
    };
  }
}
