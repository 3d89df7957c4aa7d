import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ModelVersionEntity } from './model-version.entity.js';

/** A movable name of one version of a model, such as `champion`. */
@Entity('model_aliases')
@Index('model_aliases_version_idx', ['modelId', 'version'])
@Index('model_aliases_workspace_idx', ['workspaceId'])
export class ModelAliasEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'model_aliases_pkey' })
  modelId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'model_aliases_pkey' })
  alias!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('integer')
  version!: number;

  @ManyToOne(() => ModelVersionEntity, { nullable: false })
  @JoinColumn([
    { name: 'model_id', referencedColumnName: 'modelId', foreignKeyConstraintName: 'model_aliases_version_fkey' },
    { name: 'version', referencedColumnName: 'version', foreignKeyConstraintName: 'model_aliases_version_fkey' },
  ])
  target?: Relation<ModelVersionEntity>;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}
