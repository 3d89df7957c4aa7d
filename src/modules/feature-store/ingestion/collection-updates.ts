import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { RowSubscriptions } from '../../../common/notifications/row-subscriptions.js';
import type { WatchedRow } from '../../../common/notifications/row-watchers.js';
import { LeasedRowAnnouncements } from '../../../common/queue/leased-row-announcements.js';
import { collectionNotFound, DataCollectionService } from './data-collection.service.js';
import type { DataCollectionEntity } from './entities/data-collection.entity.js';

/** Tells subscribers of the progress of a collection until it ends. */
@Injectable()
export class CollectionUpdates extends RowSubscriptions<DataCollectionEntity> {
  constructor(
    private readonly collections: DataCollectionService,
    announcements: LeasedRowAnnouncements,
  ) {
    super(announcements);
  }

  protected override rowOf(context: ActorContext, id: string): WatchedRow<DataCollectionEntity> {
    return {
      look: () => this.collections.find(context, id),
      missing: () => collectionNotFound(id),
      isEnded: ({ endedAt }) => endedAt !== null,
      fingerprint: ({ status, generation, attempts, phase, rowsRead }) =>
        `${status} ${generation} ${attempts} ${phase} ${rowsRead}`,
    };
  }
}
