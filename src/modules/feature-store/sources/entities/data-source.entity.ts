import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type DataConnection, type DataSourceKind, dataSourceKinds } from '../connections/connection.js';
import {
  type DataSchema,
  type DataSourceMode,
  dataSourceModes,
  validationPolicies,
  type ValidationPolicy,
} from '../data-source.js';

const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/** Where data comes from, and what it must be. */
@Entity('data_sources')
@Check('ck_data_sources_kind', `kind IN (${listed(dataSourceKinds)})`)
@Check('ck_data_sources_connection', `connection ->> 'kind' = kind`)
@Check('ck_data_sources_mode', `mode IN (${listed(dataSourceModes)})`)
@Check('ck_data_sources_policy', `policy IN (${listed(validationPolicies)})`)
@Index('ix_data_sources_due', ['nextCollectionAt'], { where: 'deleted_at IS NULL AND next_collection_at IS NOT NULL' })
@Index('uq_data_sources_name', ['workspaceId', 'name'], { unique: true, where: 'deleted_at IS NULL' })
export class DataSourceEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_sources' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  /** Collated by bytes, so that lists are ordered alike on every installation. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column('text')
  description!: string;

  @Column('varchar', { length: 16 })
  kind!: DataSourceKind;

  @Column('jsonb')
  connection!: DataConnection;

  /** Encrypted values by their names. */
  @Column('jsonb')
  secrets!: Readonly<Record<string, string>>;

  @Column('jsonb')
  schema!: DataSchema;

  @Column('varchar', { length: 16, default: 'REPLACE' })
  mode!: DataSourceMode;

  @Column('varchar', { length: 16 })
  policy!: ValidationPolicy;

  /** How often it is collected; null: only when somebody asks for it. */
  @Column('int', { nullable: true })
  refreshIntervalSeconds!: number | null;

  /** When it is collected next by itself. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  nextCollectionAt!: Date | null;

  /** Raised by each change. */
  @Column('int', { default: 1 })
  revision!: number;

  /** Number of the newest snapshot; 0 where there is none. */
  @Column('int', { default: 0 })
  snapshotVersion!: number;

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;

  /** A deleted source is kept, as its snapshots are; its name is free again. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deletedAt!: Date | null;
}
