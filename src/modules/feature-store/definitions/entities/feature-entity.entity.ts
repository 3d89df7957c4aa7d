import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { TypedColumn } from '../../value-types.js';
import type { FeatureEntity } from '../feature-entity.js';

@Entity('feature_entities')
@Index('uq_feature_entities_name', ['workspaceId', 'name'], { unique: true, where: 'deleted_at IS NULL' })
export class FeatureEntityEntity implements FeatureEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_entities' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  /** Collated by bytes, so that lists are ordered alike on every installation. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column('text')
  description!: string;

  @Column('jsonb')
  joinKeys!: readonly TypedColumn[];

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;

  /** The name of one that was deleted is free again. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deletedAt!: Date | null;
}
