import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which snapshots of a source are kept; without a row all are. */
@Entity('data_retentions')
export class DataRetentionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_retentions' })
  sourceId!: string;

  @Column('uuid')
  workspaceId!: string;

  /** So many of the newest. */
  @Column('int', { nullable: true })
  keepVersions!: number | null;

  /** Those that are no older. */
  @Column('int', { nullable: true })
  keepDays!: number | null;
}
