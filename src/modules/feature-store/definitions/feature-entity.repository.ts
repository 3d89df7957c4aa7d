import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Repository } from 'typeorm';
import { type Page, pageOf } from '../../../common/graphql/page.js';
import { DEFINITION_NAME, nameOfCursor } from './definition-names.rules.js';
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
    if (!DEFINITION_NAME.test(name)) return null;
    return manager.findOneBy(FeatureEntityEntity, { workspaceId, name, deletedAt: IsNull() });
  }

  /** Those that there are, by their names. */
  async findAll(
    workspaceId: string,
    names: readonly string[],
    manager: EntityManager = this.entities.manager,
  ): Promise<Map<string, FeatureEntityEntity>> {
    const asked = In(names.filter((name) => DEFINITION_NAME.test(name)));
    const found = await manager.findBy(FeatureEntityEntity, { workspaceId, name: asked, deletedAt: IsNull() });
    return new Map(found.map((entity) => [entity.name, entity]));
  }

  /** By name. */
  async page(workspaceId: string, size: number, after: string | undefined): Promise<Page<FeatureEntityEntity>> {
    const query = this.entities
      .createQueryBuilder('entity')
      .where('entity.workspaceId = :workspaceId AND entity.deletedAt IS NULL', { workspaceId });
    if (after !== undefined) query.andWhere('entity.name > :name', { name: nameOfCursor(after) });
    const rows = await query
      .orderBy('entity.name')
      .limit(size + 1)
      .getMany();
    return pageOf(rows, size, ({ name }) => [name]);
  }

  /** The names of all entities. */
  async names(workspaceId: string, manager: EntityManager): Promise<string[]> {
    const entities = await manager.findBy(FeatureEntityEntity, { workspaceId, deletedAt: IsNull() });
    return entities.map(({ name }) => name);
  }

  /** @returns the entity as it is now. */
  async change(
    manager: EntityManager,
    entity: FeatureEntityEntity,
    change: Partial<Pick<FeatureEntityEntity, 'description' | 'updatedAt' | 'deletedAt'>>,
  ): Promise<FeatureEntityEntity> {
    return manager.save(Object.assign(entity, change));
  }

  async insert(manager: EntityManager, entity: FeatureEntityEntity): Promise<void> {
    await manager.insert(FeatureEntityEntity, entity);
  }
}
