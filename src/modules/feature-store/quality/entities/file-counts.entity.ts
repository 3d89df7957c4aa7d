import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FileCounts } from '../data-quality.js';

/** What was counted in the file of a snapshot. */
@Entity('data_file_counts')
export class FileCountsEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_file_counts' })
  snapshotId!: string;

  /** Digest of the schema and the rules by which it was counted, in hexadecimal; with others it is counted anew. */
  @Column('char', { length: 64 })
  basis!: string;

  @Column('jsonb')
  counts!: FileCounts;
}
