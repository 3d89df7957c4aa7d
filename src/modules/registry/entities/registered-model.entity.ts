import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Tags } from '../tags.rules.js';

@Entity('registered_models')
@Unique('registered_models_name_key', ['workspaceId', 'name'])
@Index('registered_models_created_idx', ['workspaceId', 'createdAt', 'id'])
@Index('registered_models_updated_idx', ['workspaceId', 'updatedAt', 'id'])
export class RegisteredModelEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'registered_models_pkey' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  /** Collated by bytes, so that lists are ordered alike on every installation. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column('text')
  description!: string;

  @Column('jsonb')
  tags!: Tags;

  /** The number that the next version gets. */
  @Column('integer')
  nextVersion!: number;

  @Column('text')
  createdBy!: string;

  /** Milliseconds, as in a JavaScript date: a cursor must name the time exactly. */
  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  /** When the model, or anything that belongs to it, was changed last. */
  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}
