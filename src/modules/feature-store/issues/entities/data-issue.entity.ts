import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import {
  type DataIssueEvidence,
  type DataIssueKind,
  dataIssueKinds,
  type DataIssueSubjectType,
} from '../data-issue.js';

const moment = { type: 'timestamptz', precision: 3 } as const;

/** Something that is wrong with data, from when it was found until it is right again. */
@Entity('data_issues')
@Check('ck_data_issues_kind', `kind IN (${dataIssueKinds.map((kind) => `'${kind}'`).join(', ')})`)
@Check('ck_data_issues_acknowledged', '(acknowledged_at IS NULL) = (acknowledged_by IS NULL)')
@Index('uq_data_issues_open', ['kind', 'subjectId', 'aspect'], { unique: true, where: 'resolved_at IS NULL' })
@Index('ix_data_issues_opened', ['workspaceId', 'openedAt', 'id'])
export class DataIssueEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_issues' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('varchar', { length: 16 })
  kind!: DataIssueKind;

  @Column('varchar', { length: 32 })
  subjectType!: DataIssueSubjectType;

  @Column('uuid')
  subjectId!: string;

  /** Name of the subject when the issue was opened. */
  @Column('text')
  subjectName!: string;

  /** What is wrong with it. */
  @Column('text')
  aspect!: string;

  @Column('text')
  message!: string;

  @Column('jsonb')
  evidence!: DataIssueEvidence;

  @Column(moment)
  openedAt!: Date;

  /** When it was found last. */
  @Column(moment)
  seenAt!: Date;

  @Column({ ...moment, nullable: true })
  acknowledgedAt!: Date | null;

  @Column('text', { nullable: true })
  acknowledgedBy!: string | null;

  /** What who acknowledged it says of it. */
  @Column('text', { nullable: true })
  note!: string | null;

  @Column({ ...moment, nullable: true })
  resolvedAt!: Date | null;
}
