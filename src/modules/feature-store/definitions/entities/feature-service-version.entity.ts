import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { FeatureServiceVersion, ServiceFeature } from '../feature-service.js';

/** A version of a feature service; never changed. */
@Entity('feature_service_versions')
@Index('uq_feature_service_versions_version', ['serviceId', 'version'], { unique: true })
export class FeatureServiceVersionEntity implements FeatureServiceVersion {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_service_versions' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  serviceId!: string;

  /** Of the service. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  /** From 1. */
  @Column('int')
  version!: number;

  @Column('text')
  description!: string;

  @Column('jsonb')
  features!: readonly ServiceFeature[];

  /** The versions of views that its features come from. */
  @Column('uuid', { array: true })
  viewVersionIds!: readonly string[];

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
