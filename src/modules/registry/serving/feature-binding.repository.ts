import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository } from 'typeorm';
import { FeatureBindingEntity } from '../entities/feature-binding.entity.js';

const columns = {
  service: 'candidate.service = asked.key',
  serviceVersionId: 'candidate.service_version_id = asked.key::uuid',
};

@Injectable()
export class FeatureBindingRepository {
  constructor(@InjectRepository(FeatureBindingEntity) private readonly bindings: Repository<FeatureBindingEntity>) {}

  async ofVersions(workspaceId: string, versionIds: readonly string[]): Promise<FeatureBindingEntity[]> {
    return this.bindings.findBy({ workspaceId, versionId: In([...versionIds]) });
  }

  /**
   * The newest `limit` of each service, or version of a service, newest first, in one query.
   * @param keys names of services, or ids of their versions.
   */
  async newest(
    workspaceId: string,
    by: keyof typeof columns,
    keys: readonly string[],
    limit: number,
  ): Promise<FeatureBindingEntity[]> {
    return this.bindings
      .createQueryBuilder('binding')
      .where('binding.workspaceId = :workspaceId', { workspaceId })
      .andWhere(
        `binding.versionId IN (
          SELECT newest.version_id FROM unnest(CAST(:keys AS text[])) AS asked(key)
          CROSS JOIN LATERAL (
            SELECT candidate.version_id FROM model_feature_bindings candidate
            WHERE candidate.workspace_id = :workspaceId AND ${columns[by]}
            ORDER BY candidate.bound_at DESC, candidate.version_id LIMIT :limit
          ) newest
        )`,
        { keys: [...keys], limit },
      )
      .orderBy('binding.boundAt', 'DESC')
      .addOrderBy('binding.versionId')
      .getMany();
  }

  /** Takes the place of what the version was bound to before. */
  async save(manager: EntityManager, binding: FeatureBindingEntity): Promise<void> {
    await manager.upsert(FeatureBindingEntity, binding, ['versionId']);
  }

  /** @returns whether it was bound. */
  async delete(manager: EntityManager, workspaceId: string, versionId: string): Promise<boolean> {
    const { affected } = await manager.delete(FeatureBindingEntity, { workspaceId, versionId });
    return affected === 1;
  }
}
