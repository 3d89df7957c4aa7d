import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { TransformationState } from '../../transformations/transformation-pipeline.js';
import type { FeatureViewDefinition, SnapshotReference } from '../feature-view.js';

/** A version of a feature view. Only what it learned is added later, once. */
@Entity('feature_view_versions')
@Check('ck_feature_view_versions_state', '(state IS NULL) = (learned_from IS NULL)')
@Index('uq_feature_view_versions_version', ['viewId', 'version'], { unique: true })
@Index('ix_feature_view_versions_source', ['sourceId'])
export class FeatureViewVersionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_view_versions' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  viewId!: string;

  /** Of the view. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  /** From 1. */
  @Column('int')
  version!: number;

  @Column('jsonb')
  definition!: FeatureViewDefinition;

  /** The data source that its definition reads, if it is one. */
  @Column('uuid', { nullable: true })
  sourceId!: string | null;

  /** The versions of other views that its definition reads. */
  @Column('uuid', { array: true })
  viewVersionIds!: readonly string[];

  /** May be large, and so comes only when asked for. May hold texts with U+0000, which jsonb refuses. */
  @Column('json', { nullable: true, select: false })
  state!: TransformationState | null;

  @Column('jsonb', { nullable: true })
  learnedFrom!: SnapshotReference | null;

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
