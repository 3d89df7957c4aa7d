import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { SessionEntity } from './session.entity.js';

/** A token that can be exchanged once for a fresh pair. Used ones are kept, so that their reuse is noticed. */
@Entity('refresh_tokens')
@Index('refresh_tokens_session_idx', ['sessionId'])
@Index('refresh_tokens_expiry_idx', ['expiresAt'])
export class RefreshTokenEntity {
  /** SHA-256 of the token, in hexadecimal. */
  @PrimaryColumn('text', { collation: 'C', primaryKeyConstraintName: 'refresh_tokens_pkey' })
  hash!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  sessionId!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  usedAt!: Date | null;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @ManyToOne(() => SessionEntity, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'session_id', foreignKeyConstraintName: 'refresh_tokens_session_fkey' })
  session?: Relation<SessionEntity>;
}
