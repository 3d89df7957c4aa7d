import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { Digest } from '../../common/storage/digest.js';
import { ArtifactEntity } from './entities/artifact.entity.js';

@Injectable()
export class ArtifactRepository {
  constructor(@InjectRepository(ArtifactEntity) private readonly artifacts: Repository<ArtifactEntity>) {}

  async find(workspaceId: string, digest: Digest): Promise<ArtifactEntity | null> {
    return this.artifacts.findOneBy({ workspaceId, digest });
  }

  /** @returns whether the workspace did not have it before. */
  async add(manager: EntityManager, artifact: ArtifactEntity): Promise<boolean> {
    const result = await manager
      .createQueryBuilder()
      .insert()
      .into(ArtifactEntity)
      .values(artifact)
      .orIgnore()
      .returning(['digest'])
      .execute();
    const rows: unknown = result.raw;
    return Array.isArray(rows) && rows.length > 0;
  }
}
