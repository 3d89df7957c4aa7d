import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Actor } from '../../../common/access/actor.js';
import type { AuditDetail, AuditOutcome } from '../audit-event.js';

/** One event. Rows are written by `AuditChain` alone and never changed. */
@Entity('audit_events')
@Index('audit_events_time_idx', ['workspaceId', 'id'])
@Index('audit_events_actor_idx', ['actorId'])
@Index('audit_events_resource_idx', ['resourceId'])
@Index('audit_events_action_idx', ['action'])
@Index('audit_events_unsuccessful_idx', ['workspaceId', 'id'], { where: `outcome <> 'SUCCESS'` })
export class AuditEventEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'audit_events_pkey' })
  writerId!: string;

  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_events_pkey' })
  sequence!: string;

  /** UUID version 7: orders by time. */
  @Column('uuid')
  id!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  occurredAt!: Date;

  @Column('uuid', { nullable: true })
  workspaceId!: string | null;

  @Column('text', { nullable: true })
  actorKind!: Actor['kind'] | null;

  @Column('text', { nullable: true })
  actorId!: string | null;

  @Column('text', { nullable: true })
  actorName!: string | null;

  @Column({ type: 'text', collation: 'C' })
  action!: string;

  @Column('text')
  resourceType!: string;

  @Column('text')
  resourceId!: string;

  @Column('text')
  outcome!: AuditOutcome;

  @Column('text', { nullable: true })
  errorCode!: string | null;

  @Column('text', { nullable: true })
  address!: string | null;

  @Column('text')
  requestId!: string;

  /** `json` keeps the very text that was hashed, which `jsonb` would not. */
  @Column('json', { nullable: true })
  detail!: AuditDetail | null;

  @Column('bytea')
  previousHash!: Buffer;

  @Column('bytea')
  hash!: Buffer;
}
