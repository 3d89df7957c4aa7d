import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Repository } from 'typeorm';
import { type Page, pageOf } from '../../../common/graphql/page.js';
import { DEFINITION_NAME, nameOfCursor } from './definition-names.rules.js';
import { FeatureServiceEntity } from './entities/feature-service.entity.js';
import { FeatureServiceVersionEntity } from './entities/feature-service-version.entity.js';
import type { ServiceFeature } from './feature-service.js';

/** A version to be added. */
export interface NewFeatureService {
  readonly workspaceId: string;
  readonly name: string;
  readonly description: string;
  readonly features: readonly ServiceFeature[];
  readonly createdBy: string;
}

/** How a version is joined to its service, where it is the newest of one that was not deleted. */
export const NEWEST_SERVICE =
  'service.id = version.serviceId AND service.newestVersion = version.version AND service.deletedAt IS NULL';

/** Versions of feature services, always within a workspace. */
@Injectable()
export class FeatureServiceRepository {
  constructor(
    @InjectRepository(FeatureServiceVersionEntity) private readonly versions: Repository<FeatureServiceVersionEntity>,
  ) {}

  /** @param version the newest, unless given. @returns null where there is none, or where the service was deleted. */
  async find(
    workspaceId: string,
    name: string,
    version?: number,
    manager: EntityManager = this.versions.manager,
  ): Promise<FeatureServiceVersionEntity | null> {
    if (!DEFINITION_NAME.test(name)) return null;
    return manager
      .createQueryBuilder(FeatureServiceVersionEntity, 'version')
      .innerJoin(FeatureServiceEntity, 'service', 'service.id = version.serviceId AND service.deletedAt IS NULL')
      .where('service.workspaceId = :workspaceId AND service.name = :name', { workspaceId, name })
      .andWhere('version.version = COALESCE(:version, service.newestVersion)', { version: version ?? null })
      .getOne();
  }

  /** Those that there are, by their ids; also of services that were deleted since. */
  async findVersions(workspaceId: string, ids: readonly string[]): Promise<Map<string, FeatureServiceVersionEntity>> {
    const found = await this.versions.findBy({ workspaceId, id: In([...ids]) });
    return new Map(found.map((version) => [version.id, version]));
  }

  /** Newest versions, by the names of the services. */
  async page(workspaceId: string, size: number, after: string | undefined): Promise<Page<FeatureServiceVersionEntity>> {
    const query = this.versions
      .createQueryBuilder('version')
      .innerJoin(FeatureServiceEntity, 'service', NEWEST_SERVICE)
      .where('service.workspaceId = :workspaceId', { workspaceId });
    if (after !== undefined) query.andWhere('service.name > :name', { name: nameOfCursor(after) });
    const rows = await query
      .orderBy('version.name')
      .limit(size + 1)
      .getMany();
    return pageOf(rows, size, ({ name }) => [name]);
  }

  /** The names of all services. */
  async names(workspaceId: string, manager: EntityManager): Promise<string[]> {
    const services = await manager.findBy(FeatureServiceEntity, { workspaceId, deletedAt: IsNull() });
    return services.map(({ name }) => name);
  }

  /** Its versions are kept, for those who pinned them. */
  async delete(manager: EntityManager, serviceId: string): Promise<void> {
    await manager.update(FeatureServiceEntity, { id: serviceId }, { deletedAt: new Date() });
  }

  /** Also of a service that was deleted since. */
  async findVersion(
    workspaceId: string,
    versionId: string,
    manager: EntityManager = this.versions.manager,
  ): Promise<FeatureServiceVersionEntity | null> {
    return manager.findOneBy(FeatureServiceVersionEntity, { workspaceId, id: versionId });
  }

  /**
   * Adds the next version, and the service where there is none of this name. Versions of a name are to be added one at a
   * time: see `lockDefinitions`.
   */
  async add(
    manager: EntityManager,
    { workspaceId, name, ...given }: NewFeatureService,
  ): Promise<FeatureServiceVersionEntity> {
    const before = await manager.findOneBy(FeatureServiceEntity, { workspaceId, name, deletedAt: IsNull() });
    const service = before ?? { id: randomUUID(), workspaceId, name, newestVersion: 0, deletedAt: null };
    service.newestVersion += 1;
    await manager.save(FeatureServiceEntity, service);
    const version: FeatureServiceVersionEntity = {
      id: randomUUID(),
      workspaceId,
      serviceId: service.id,
      name,
      version: service.newestVersion,
      description: given.description,
      features: given.features,
      viewVersionIds: [...new Set(given.features.map(({ viewVersionId }) => viewVersionId))],
      createdBy: given.createdBy,
      createdAt: new Date(),
    };
    await manager.insert(FeatureServiceVersionEntity, version);
    return version;
  }
}
