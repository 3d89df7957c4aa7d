import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A tenant: everything else belongs to one. */
@Entity('workspaces')
@Unique('workspaces_slug_key', ['slug'])
export class WorkspaceEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'workspaces_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  /** What people type to name the workspace: lower-case letters, digits and hyphens. */
  @Column({ type: 'text', collation: 'C' })
  slug!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
