import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LeasedRowAnnouncements } from '../../../common/queue/leased-row-announcements.js';
import { type Claimed, LeasedRows } from '../../../common/queue/leased-rows.js';
import { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';

/** A materialization that a worker has taken on. */
export type ClaimedMaterialization = Claimed<FeatureMaterializationEntity>;

/** What workers do to materializations: one of each view at a time. */
@Injectable()
export class MaterializationLeases extends LeasedRows<FeatureMaterializationEntity> {
  constructor(@InjectDataSource() dataSource: DataSource, announcements: LeasedRowAnnouncements) {
    super(dataSource, announcements, {
      entity: FeatureMaterializationEntity,
      oneAtATime: { column: 'view_id', index: 'uq_feature_materializations_running' },
    });
  }
}
