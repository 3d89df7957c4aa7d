import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { Digest } from '../../../common/storage/digest.js';
import { ArtifactReferences } from './artifact-reference.js';

export interface UnusedArtifact {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Finds and forgets artifacts that nothing refers to, and files that are no artifact. */
@Injectable()
export class ArtifactSweepRepository {
  /** Of `artifacts AS artifact`, those that were not touched since `$1` and that nothing refers to. */
  private readonly unusedCondition: string;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    references: ArtifactReferences,
  ) {
    this.unusedCondition = `artifact.touched_at < $1 AND NOT EXISTS (
      SELECT 1 FROM (${references.sql}) AS used
      WHERE used.workspace_id = artifact.workspace_id AND used.digest = artifact.digest)`;
  }

  /** The moment so many days ago, by the clock that rows are written by. */
  async daysAgo(days: number): Promise<Date> {
    const [row]: { moment: Date }[] = await this.dataSource.query(`SELECT now() - $1 * interval '1 day' AS moment`, [
      days,
    ]);
    if (row === undefined) throw new Error('The database does not tell the time.');
    return row.moment;
  }

  /** Workspaces, each with artifacts that are not used since `before`; in all at most `limit` artifacts. */
  async unused(before: Date, limit: number): Promise<{ workspaceId: string; digests: Digest[] }[]> {
    return this.dataSource.query(
      `SELECT workspace_id AS "workspaceId", array_agg(digest) AS digests FROM (
         SELECT workspace_id, digest FROM artifacts AS artifact WHERE ${this.unusedCondition} LIMIT $2) AS unused
       GROUP BY workspace_id`,
      [before, limit],
    );
  }

  /**
   * Forgets those of the artifacts that still are not used. One that is being touched is waited for, and looked at again.
   * @returns what was forgotten.
   */
  async forget(
    manager: EntityManager,
    workspaceId: string,
    digests: readonly Digest[],
    before: Date,
  ): Promise<UnusedArtifact[]> {
    const rows: { digest: Digest; sizeBytes: string }[] = await manager.query(
      `WITH forgotten AS (
         DELETE FROM artifacts AS artifact
         WHERE artifact.workspace_id = $2 AND artifact.digest = ANY($3::text[]) AND ${this.unusedCondition}
         RETURNING digest, size_bytes)
       SELECT digest, size_bytes AS "sizeBytes" FROM forgotten`,
      [before, workspaceId, digests],
    );
    return rows.map(({ digest, sizeBytes }) => ({ digest, sizeBytes: Number(sizeBytes) }));
  }

  /** Files that are an artifact of no workspace, and that nobody began to store since `before`. */
  async unusedFiles(before: Date, limit: number): Promise<Digest[]> {
    const rows: { digest: Digest }[] = await this.dataSource.query(
      `SELECT digest FROM artifact_files AS file WHERE ${UNUSED_FILE} LIMIT $2`,
      [before, limit],
    );
    return rows.map(({ digest }) => digest);
  }

  /**
   * Forgets a file once it is deleted. Until then whoever is about to store it waits, and stores it again.
   * @param remove deletes it from the store; is not called where somebody wants it by now.
   */
  async forgetFile(digest: Digest, before: Date, remove: () => Promise<void>): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const rows: unknown[] = await manager.query(
        `WITH forgotten AS (DELETE FROM artifact_files AS file WHERE digest = $2 AND ${UNUSED_FILE} RETURNING digest)
         SELECT digest FROM forgotten`,
        [before, digest],
      );
      if (rows.length === 1) await remove();
    });
  }
}

const UNUSED_FILE =
  'file.touched_at < $1 AND NOT EXISTS (SELECT 1 FROM artifacts AS artifact WHERE artifact.digest = file.digest)';
