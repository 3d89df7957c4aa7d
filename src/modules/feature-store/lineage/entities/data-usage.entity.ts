import { Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { DataSnapshotEntity } from '../../snapshots/entities/data-snapshot.entity.js';
import type { UsageKind } from '../usage.js';

/** That something was made of a snapshot, which is therefore kept: the database refuses to delete it. */
@Entity('data_usages')
@Index('ix_data_usages_snapshot', ['sourceId', 'version'])
export class DataUsageEntity {
  @PrimaryColumn('varchar', { length: 32, primaryKeyConstraintName: 'pk_data_usages' })
  kind!: UsageKind;

  /** Id of what was made. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_usages' })
  usedBy!: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_usages' })
  sourceId!: string;

  /** Of the source's snapshots. */
  @PrimaryColumn('int', { primaryKeyConstraintName: 'pk_data_usages' })
  version!: number;

  @ManyToOne(() => DataSnapshotEntity, { nullable: false })
  @JoinColumn([
    { name: 'source_id', referencedColumnName: 'sourceId', foreignKeyConstraintName: 'data_usages_snapshot_fkey' },
    { name: 'version', referencedColumnName: 'version', foreignKeyConstraintName: 'data_usages_snapshot_fkey' },
  ])
  snapshot!: Relation<DataSnapshotEntity>;
}
