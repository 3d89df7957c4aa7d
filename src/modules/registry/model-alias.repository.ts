import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository } from 'typeorm';
import { groupBy } from '../../common/collections/group-by.js';
import { ModelAliasEntity } from './entities/model-alias.entity.js';

@Injectable()
export class ModelAliasRepository {
  constructor(@InjectRepository(ModelAliasEntity) private readonly aliases: Repository<ModelAliasEntity>) {}

  /** Makes the alias or moves it. */
  async set(manager: EntityManager, alias: ModelAliasEntity): Promise<void> {
    await manager.upsert(ModelAliasEntity, alias, ['modelId', 'alias']);
  }

  /** @returns whether there was one. */
  async remove(manager: EntityManager, workspaceId: string, modelId: string, alias: string): Promise<boolean> {
    const { affected } = await manager.delete(ModelAliasEntity, { workspaceId, modelId, alias });
    return affected === 1;
  }

  /** The aliases of several models in one query, by name in each. */
  async ofModels(workspaceId: string, modelIds: readonly string[]): Promise<Map<string, ModelAliasEntity[]>> {
    const aliases = await this.aliases.find({
      where: { workspaceId, modelId: In([...modelIds]) },
      order: { alias: 'ASC' },
    });
    return groupBy(aliases, ({ modelId }) => modelId);
  }
}
