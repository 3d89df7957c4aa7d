import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A row that was pushed to a source. */
@Entity('pushed_rows')
@Index('uq_pushed_rows_digest', ['sourceId', 'digest'], { unique: true })
@Index('ix_pushed_rows_waiting', ['sourceId', 'id'], { where: 'row IS NOT NULL' })
@Index('ix_pushed_rows_gathered', ['pushedAt'], { where: 'row IS NULL' })
export class PushedRowEntity {
  /** In the order in which rows came. */
  @PrimaryColumn({
    type: 'bigint',
    primaryKeyConstraintName: 'pk_pushed_rows',
    generated: 'identity',
    generatedIdentity: 'ALWAYS',
  })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  sourceId!: string;

  /** SHA-256 of what the row says: by it a row is known that comes again. */
  @Column('bytea')
  digest!: Buffer;

  /** The row as a line of NDJSON; null once it is in a snapshot. */
  @Column('text', { nullable: true })
  row!: string | null;

  /** The collection that has it, from when it is gathered. */
  @Column('uuid', { nullable: true })
  collectionId!: string | null;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  pushedAt!: Date;
}
