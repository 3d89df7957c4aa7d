import { Column, Entity, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from '../../../common/database/whole-number-column.js';
import type { Digest } from '../../../common/storage/digest.js';

/** Bytes that were uploaded to a workspace. The store keeps them once, however many workspaces have them. */
@Entity('artifacts')
export class ArtifactEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'artifacts_pkey' })
  workspaceId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'artifacts_pkey' })
  digest!: Digest;

  @Column('bigint', { transformer: wholeNumberColumn })
  sizeBytes!: number;

  /** Id of the actor who uploaded it first. */
  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  /** When these bytes were last uploaded, or held for a row that was to refer to them. */
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  touchedAt!: Date;
}
