import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Repository } from 'typeorm';
import { FeatureEntityEntity } from './entities/feature-entity.entity.js';

/** Feature entities, always within a workspace. */
@Injectable()
export class FeatureEntityRepository {
  constructor(@InjectRepository(FeatureEntityEntity) private readonly entities: Repository<FeatureEntityEntity>) {}

  async find(
    workspaceId: string,
    name: string,
    manager: EntityManager = this.entities.manager,
  ): Promise<FeatureEntityEntity | null> {
    return manager.findOneBy(FeatureEntityEntity, { workspaceId, name, deletedAt: IsNull() });
  }

  /** Those that there are, by their names. */
  async findAll(
    workspaceId: string,
    names: readonly string[],
    manager: EntityManager = this.entities.manager,
  ): Promise<Map<string, FeatureEntityEntity>> {
    const found = await manager.findBy(FeatureEntityEntity, { workspaceId, name: In(names), deletedAt: IsNull() });
    return new Map(found.map((entity) => [entity.name, entity]));
  }

  async insert(manager: EntityManager, entity: FeatureEntityEntity): Promise<void> {
    await manager.insert(FeatureEntityEntity, entity);
  }
}
