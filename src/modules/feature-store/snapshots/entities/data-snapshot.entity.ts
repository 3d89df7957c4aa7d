import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from '../../../../common/database/whole-number-column.js';
import type { Digest } from '../../../../common/storage/digest.js';
import type { DataSchema } from '../../sources/data-source.js';
import type { ColumnStatistics } from '../column-statistics.js';

/** One version of the data of a source; never changed. */
@Entity('data_snapshots')
@Index('uq_data_snapshots_version', ['sourceId', 'version'], { unique: true })
export class DataSnapshotEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_snapshots' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  sourceId!: string;

  /** From 1. */
  @Column('int')
  version!: number;

  /** The version before; null for the first. */
  @Column('int', { nullable: true })
  parentVersion!: number | null;

  /** Digest of the Parquet file in the artifact store. */
  @Column('text')
  artifactDigest!: Digest;

  @Column('bigint', { transformer: wholeNumberColumn })
  sizeBytes!: number;

  /** Digest of what the rows say, in hexadecimal. */
  @Column('char', { length: 64 })
  contentDigest!: string;

  @Column('bigint', { transformer: wholeNumberColumn })
  rowCount!: number;

  /** The schema by which the rows were taken. */
  @Column('jsonb')
  schema!: DataSchema;

  @Column('jsonb')
  statistics!: readonly ColumnStatistics[];

  /** The collection that brought it. */
  @Column('uuid')
  collectionId!: string;

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
