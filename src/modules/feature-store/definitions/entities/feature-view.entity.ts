import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The name under which versions of a feature view stand. */
@Entity('feature_views')
@Index('uq_feature_views_name', ['workspaceId', 'name'], { unique: true, where: 'deleted_at IS NULL' })
export class FeatureViewEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_views' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  /** Collated by bytes, so that lists are ordered alike on every installation. Never changed. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  /** From 1. */
  @Column('int')
  newestVersion!: number;

  /** The versions of a deleted view are kept, as others may have pinned them; its name is free again. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deletedAt!: Date | null;
}
