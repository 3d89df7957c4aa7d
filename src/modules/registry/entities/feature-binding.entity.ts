import { Check, Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { BoundTensor, DefaultValue, FeatureBinding, MissingFeaturePolicy } from '../serving/feature-binding.js';
import { ModelVersionEntity } from './model-version.entity.js';

/** The feature service that a model version is bound to, where it is. */
@Entity('model_feature_bindings')
@Index('model_feature_bindings_workspace_idx', ['workspaceId', 'service'])
@Index('model_feature_bindings_service_version_idx', ['serviceVersionId'])
@Check('model_feature_bindings_missing_check', `missing IN ('ERROR', 'DEFAULT')`)
export class FeatureBindingEntity implements FeatureBinding {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'model_feature_bindings_pkey' })
  versionId!: string;

  @OneToOne(() => ModelVersionEntity, { nullable: false })
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'model_feature_bindings_version_fkey' })
  version?: Relation<ModelVersionEntity>;

  @Column('uuid')
  workspaceId!: string;

  /** Without a foreign key: the registry lies below the feature store. */
  @Column('uuid')
  serviceVersionId!: string;

  @Column('text')
  service!: string;

  @Column('integer')
  serviceVersion!: number;

  @Column('jsonb')
  tensors!: readonly BoundTensor[];

  @Column('text')
  missing!: MissingFeaturePolicy;

  @Column('jsonb')
  defaults!: Readonly<Record<string, DefaultValue>>;

  @Column('text')
  boundBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  boundAt!: Date;
}
