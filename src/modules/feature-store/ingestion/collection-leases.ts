import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LeasedRowAnnouncements } from '../../../common/queue/leased-row-announcements.js';
import { type Claimed, LeasedRows } from '../../../common/queue/leased-rows.js';
import { DataCollectionEntity } from './entities/data-collection.entity.js';

/** A collection that a worker has taken on. */
export type ClaimedCollection = Claimed<DataCollectionEntity>;

/** What workers do to collections: one of each source at a time. */
@Injectable()
export class CollectionLeases extends LeasedRows<DataCollectionEntity> {
  constructor(@InjectDataSource() dataSource: DataSource, announcements: LeasedRowAnnouncements) {
    super(dataSource, announcements, {
      entity: DataCollectionEntity,
      firstPhase: 'READING',
      oneAtATime: { column: 'source_id', index: 'uq_data_collections_running' },
    });
  }
}
