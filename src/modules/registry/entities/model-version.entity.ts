import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation, Unique } from 'typeorm';
import { wholeNumberColumn } from '../../../common/database/whole-number-column.js';
import type { Digest } from '../../../common/storage/digest.js';
import type { ModelMetadata } from '../model-metadata.js';
import type { ModelStage } from '../model-stage.js';
import type { OnnxDetails } from '../onnx-details.rules.js';
import type { Tags } from '../tags.rules.js';
import type { ModelSignature } from '../tensor-spec.js';
import { ArtifactEntity } from './artifact.entity.js';
import { RegisteredModelEntity } from './registered-model.entity.js';

@Entity('model_versions')
@Unique('model_versions_version_key', ['modelId', 'version'])
@Index('model_versions_stage_idx', ['modelId', 'stage', 'version'])
@Index('model_versions_workspace_idx', ['workspaceId', 'digest'])
@Index('model_versions_digest_idx', ['digest'])
@Check('model_versions_stage_check', `stage IN ('NONE', 'STAGING', 'PRODUCTION', 'ARCHIVED')`)
export class ModelVersionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'model_versions_pkey' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  modelId!: string;

  @ManyToOne(() => RegisteredModelEntity, { nullable: false })
  @JoinColumn({ name: 'model_id', foreignKeyConstraintName: 'model_versions_model_fkey' })
  model?: Relation<RegisteredModelEntity>;

  /** 1, 2, 3… without gaps in each model. */
  @Column('integer')
  version!: number;

  @Column('text')
  digest!: Digest;

  /** A version can only hold what was uploaded to its own workspace. */
  @ManyToOne(() => ArtifactEntity, { nullable: false })
  @JoinColumn([
    {
      name: 'workspace_id',
      referencedColumnName: 'workspaceId',
      foreignKeyConstraintName: 'model_versions_artifact_fkey',
    },
    { name: 'digest', referencedColumnName: 'digest', foreignKeyConstraintName: 'model_versions_artifact_fkey' },
  ])
  artifact?: Relation<ArtifactEntity>;

  @Column('bigint', { transformer: wholeNumberColumn })
  sizeBytes!: number;

  @Column('text')
  stage!: ModelStage;

  @Column('text')
  description!: string;

  @Column('jsonb')
  tags!: Tags;

  @Column('jsonb')
  metadata!: ModelMetadata;

  @Column('jsonb')
  signature!: ModelSignature;

  @Column('boolean')
  batchable!: boolean;

  @Column('jsonb')
  onnx!: OnnxDetails;

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}
