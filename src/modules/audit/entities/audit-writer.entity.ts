import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The head of one chain: by it the removal of a chain's last events is found out. */
@Entity('audit_writers')
export class AuditWriterEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'audit_writers_pkey' })
  writerId!: string;

  /** Host and process id of the writer. */
  @Column('text')
  process!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  startedAt!: Date;

  @Column('bigint')
  headSequence!: string;

  @Column('bytea')
  headHash!: Buffer;
}
