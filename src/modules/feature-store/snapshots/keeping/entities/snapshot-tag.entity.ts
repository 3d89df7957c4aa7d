import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { DataSnapshotEntity } from '../../entities/data-snapshot.entity.js';

/** A name of a snapshot, which is therefore kept: the database refuses to delete it. */
@Entity('data_snapshot_tags')
@Index('ix_data_snapshot_tags_snapshot', ['sourceId', 'version'])
export class SnapshotTagEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_snapshot_tags' })
  sourceId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'pk_data_snapshot_tags' })
  name!: string;

  @Column('int')
  version!: number;

  @Column('text')
  taggedBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  taggedAt!: Date;

  @ManyToOne(() => DataSnapshotEntity, { nullable: false })
  @JoinColumn([
    {
      name: 'source_id',
      referencedColumnName: 'sourceId',
      foreignKeyConstraintName: 'data_snapshot_tags_snapshot_fkey',
    },
    { name: 'version', referencedColumnName: 'version', foreignKeyConstraintName: 'data_snapshot_tags_snapshot_fkey' },
  ])
  snapshot!: Relation<DataSnapshotEntity>;
}
