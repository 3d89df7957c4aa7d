import { Check, Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { Residency, ServingPolicy, WarmUpSample } from '../serving/serving-policy.js';
import { ModelVersionEntity } from './model-version.entity.js';

/** How a version is to be served, where that was said: the version itself never changes. */
@Entity('model_servings')
@Index('model_servings_workspace_idx', ['workspaceId'])
@Check('model_servings_residency_check', `residency IN ('ON_DEMAND', 'LOADED', 'UNLOADED')`)
export class ModelServingEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'model_servings_pkey' })
  versionId!: string;

  @OneToOne(() => ModelVersionEntity, { nullable: false })
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'model_servings_version_fkey' })
  version?: Relation<ModelVersionEntity>;

  @Column('uuid')
  workspaceId!: string;

  @Column('text')
  residency!: Residency;

  @Column('jsonb')
  policy!: ServingPolicy;

  /** Apart from the policy, as only workers need it and it may be large. */
  @Column('jsonb')
  warmUp!: readonly WarmUpSample[];

  /** Goes up with every change, so that what was done for an earlier one can be told apart. */
  @Column('integer')
  revision!: number;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}
