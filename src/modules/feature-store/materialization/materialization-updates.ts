import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { RowSubscriptions } from '../../../common/notifications/row-subscriptions.js';
import type { WatchedRow } from '../../../common/notifications/row-watchers.js';
import { LeasedRowAnnouncements } from '../../../common/queue/leased-row-announcements.js';
import type { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';
import { materializationNotFound, MaterializationService } from './materialization.service.js';

/** Tells subscribers of the progress of a materialization until it ends. */
@Injectable()
export class MaterializationUpdates extends RowSubscriptions<FeatureMaterializationEntity> {
  constructor(
    private readonly materializations: MaterializationService,
    announcements: LeasedRowAnnouncements,
  ) {
    super(announcements);
  }

  protected override rowOf(context: ActorContext, id: string): WatchedRow<FeatureMaterializationEntity> {
    return {
      look: () => this.materializations.find(context, id),
      missing: () => materializationNotFound(id),
      isEnded: ({ endedAt }) => endedAt !== null,
      fingerprint: ({ status, generation, attempts, rowsRead, rowsWritten }) =>
        `${status} ${generation} ${attempts} ${rowsRead} ${rowsWritten}`,
    };
  }
}
