import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation, Unique } from 'typeorm';
import type { Permission } from '../../../common/access/permissions.js';
import { UserEntity } from './user.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A credential of a machine. The key itself is shown once and never stored. */
@Entity('api_keys')
@Unique('api_keys_hash_key', ['hash'])
@Index('api_keys_created_idx', ['workspaceId', 'createdAt', 'id'])
export class ApiKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('text')
  name!: string;

  /** The start of the key, by which people tell their keys apart. */
  @Column('text')
  prefix!: string;

  /** SHA-256 of the whole key, in hexadecimal. */
  @Column({ type: 'text', collation: 'C' })
  hash!: string;

  @Column({ type: 'text', array: true })
  permissions!: Permission[];

  /** The person who answers for it: its creator, or the creator of the key it was created with. */
  @Column('uuid')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expiresAt!: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  revokedAt!: Date | null;

  /** Id of the key that this one replaced. */
  @Column({ type: 'uuid', nullable: true })
  rotatedFromId!: string | null;

  /** Set when it was replaced: until then both keys work. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  graceEndsAt!: Date | null;

  /** When it was last looked up; accurate to a minute. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt!: Date | null;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @ManyToOne(() => WorkspaceEntity, { nullable: false })
  @JoinColumn({ name: 'workspace_id', foreignKeyConstraintName: 'api_keys_workspace_fkey' })
  workspace?: Relation<WorkspaceEntity>;

  @ManyToOne(() => UserEntity, { nullable: false })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'api_keys_creator_fkey' })
  creator?: Relation<UserEntity>;
}
