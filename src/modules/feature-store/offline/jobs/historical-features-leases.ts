import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LeasedRowAnnouncements } from '../../../../common/queue/leased-row-announcements.js';
import { type Claimed, LeasedRows } from '../../../../common/queue/leased-rows.js';
import { HistoricalFeaturesJobEntity } from './entities/historical-features-job.entity.js';

/** A job that a worker has taken on. */
export type ClaimedHistoricalFeatures = Claimed<HistoricalFeaturesJobEntity>;

/** What workers do to jobs that get historical features. */
@Injectable()
export class HistoricalFeaturesLeases extends LeasedRows<HistoricalFeaturesJobEntity> {
  constructor(@InjectDataSource() dataSource: DataSource, announcements: LeasedRowAnnouncements) {
    super(dataSource, announcements, { entity: HistoricalFeaturesJobEntity, firstPhase: null });
  }
}
