import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { MembershipEntity } from './membership.entity.js';

/** A sign-in: the family of all refresh tokens that descend from it. Revoking it ends them all. */
@Entity('sessions')
@Index('sessions_member_idx', ['workspaceId', 'userId'])
@Index('sessions_expiry_idx', ['expiresAt'])
export class SessionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'sessions_pkey' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  userId!: string;

  /** Expiry of its newest refresh token. */
  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  revokedAt!: Date | null;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @ManyToOne(() => MembershipEntity, { nullable: false })
  @JoinColumn([
    { name: 'workspace_id', referencedColumnName: 'workspaceId', foreignKeyConstraintName: 'sessions_member_fkey' },
    { name: 'user_id', referencedColumnName: 'userId', foreignKeyConstraintName: 'sessions_member_fkey' },
  ])
  member?: Relation<MembershipEntity>;
}
