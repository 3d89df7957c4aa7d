import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from '../../../../common/database/whole-number-column.js';
import type { Digest } from '../../../../common/storage/digest.js';
import type { DataSchema } from '../../sources/data-source.js';
import type { ColumnStatistics } from '../column-statistics.js';

/** One version of the data of a source; never changed. */
@Entity('data_snapshots')
@Check('ck_data_snapshots_parent', 'parent_version < version AND (parent_version IS NOT NULL OR NOT is_increment)')
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

  /** The version that it follows, or that its rows are added to; null for the first. */
  @Column('int', { nullable: true })
  parentVersion!: number | null;

  /** Whether its file only has what it adds to the rows of its parent. */
  @Column('boolean', { default: false })
  isIncrement!: boolean;

  /** Digest of the Parquet file in the artifact store. */
  @Column('text')
  artifactDigest!: Digest;

  @Column('bigint', { transformer: wholeNumberColumn })
  sizeBytes!: number;

  /** Digest of what the rows of the file say, in hexadecimal. */
  @Column('char', { length: 64 })
  contentDigest!: string;

  /** Rows of the file; the statistics are of these, too. */
  @Column('bigint', { transformer: wholeNumberColumn })
  rowCount!: number;

  /** With those of the versions that it is an increment of. */
  @Column('bigint', { transformer: wholeNumberColumn })
  totalRowCount!: number;

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
