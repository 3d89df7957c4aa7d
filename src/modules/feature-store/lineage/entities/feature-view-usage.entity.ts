import { Entity, Index, PrimaryColumn } from 'typeorm';
import type { UsageKind } from '../usage.js';

/** That something was made of a version of a feature view. */
@Entity('feature_view_usages')
@Index('ix_feature_view_usages_view', ['viewVersionId'])
export class FeatureViewUsageEntity {
  @PrimaryColumn('varchar', { length: 32, primaryKeyConstraintName: 'pk_feature_view_usages' })
  kind!: UsageKind;

  /** Id of what was made. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_view_usages' })
  usedBy!: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_view_usages' })
  viewVersionId!: string;
}
