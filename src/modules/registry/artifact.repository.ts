import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { Digest } from '../../common/storage/digest.js';
import { ArtifactEntity } from './entities/artifact.entity.js';

type NewArtifact = Omit<ArtifactEntity, 'touchedAt'>;

@Injectable()
export class ArtifactRepository {
  constructor(@InjectRepository(ArtifactEntity) private readonly artifacts: Repository<ArtifactEntity>) {}

  async find(workspaceId: string, digest: Digest): Promise<ArtifactEntity | null> {
    return this.artifacts.findOneBy({ workspaceId, digest });
  }

  /** As `find`, and keeps the sweep from it for as long as it keeps what nobody uses; in a transaction until that ends. */
  async hold(
    workspaceId: string,
    digest: Digest,
    manager: EntityManager = this.artifacts.manager,
  ): Promise<Pick<ArtifactEntity, 'sizeBytes'> | null> {
    const [held]: { sizeBytes: string }[] = await manager.query(
      `WITH held AS (
         UPDATE artifacts SET touched_at = now() WHERE workspace_id = $1 AND digest = $2 RETURNING size_bytes)
       SELECT size_bytes AS "sizeBytes" FROM held`,
      [workspaceId, digest],
    );
    return held === undefined ? null : { sizeBytes: Number(held.sizeBytes) };
  }

  /** @returns whether the workspace did not have it before. */
  async add(
    manager: EntityManager,
    { workspaceId, digest, sizeBytes, createdBy, createdAt }: NewArtifact,
  ): Promise<boolean> {
    // A row that was inserted has never been updated or locked, and so has no `xmax`.
    const [row]: { isNew: boolean }[] = await manager.query(
      `WITH added AS (
         INSERT INTO artifacts (workspace_id, digest, size_bytes, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id, digest) DO UPDATE SET touched_at = now()
         RETURNING xmax = 0 AS "isNew")
       SELECT "isNew" FROM added`,
      [workspaceId, digest, sizeBytes, createdBy, createdAt],
    );
    return row?.isNew === true;
  }

  /** Says that a file is about to be stored. Waits while the sweep is deleting it, so that it is stored afterwards. */
  async announceFile(digest: Digest): Promise<void> {
    await this.artifacts.query(
      `INSERT INTO artifact_files (digest) VALUES ($1) ON CONFLICT (digest) DO UPDATE SET touched_at = now()`,
      [digest],
    );
  }
}
