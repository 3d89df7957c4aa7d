import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { Role } from '../../../common/access/permissions.js';
import { UserEntity } from './user.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A person's place in a workspace. Disabling is of the membership: one tenant must not lock a person out of another. */
@Entity('memberships')
@Index('memberships_user_idx', ['userId'])
@Check('memberships_role_check', `role = ANY (ARRAY['ADMIN', 'ENGINEER', 'SERVICE', 'AUDITOR', 'VIEWER'])`)
export class MembershipEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'memberships_pkey' })
  workspaceId!: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'memberships_pkey' })
  userId!: string;

  @Column('text')
  role!: Role;

  /** Null while the member may sign in. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  disabledAt!: Date | null;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @ManyToOne(() => UserEntity, { nullable: false })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'memberships_user_fkey' })
  user?: Relation<UserEntity>;

  @ManyToOne(() => WorkspaceEntity, { nullable: false })
  @JoinColumn({ name: 'workspace_id', foreignKeyConstraintName: 'memberships_workspace_fkey' })
  workspace?: Relation<WorkspaceEntity>;
}
