import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Digest } from '../../../common/storage/digest.js';

/**
 * A file of the artifact store, whichever workspaces have it. Written down before the file is stored, so that one is known
 * also where its upload ended in between.
 */
@Entity('artifact_files')
export class ArtifactFileEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'artifact_files_pkey' })
  digest!: Digest;

  /** When somebody last began to store it. */
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  touchedAt!: Date;
}
