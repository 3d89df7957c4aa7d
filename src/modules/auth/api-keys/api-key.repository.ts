import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { isUUID } from 'class-validator';
import { type EntityManager, IsNull, type Repository } from 'typeorm';
import { ApiKeyEntity } from '../entities/api-key.entity.js';

/** A place in the list of keys: newest first. */
export interface ApiKeyPlace {
  readonly createdAt: Date;
  readonly id: string;
}

@Injectable()
export class ApiKeyRepository {
  constructor(@InjectRepository(ApiKeyEntity) private readonly keys: Repository<ApiKeyEntity>) {}

  /** Across workspaces, as a key is all that its bearer sends. */
  async findByHash(hash: string): Promise<ApiKeyEntity | null> {
    return this.keys.findOneBy({ hash });
  }

  async find(workspaceId: string, id: string): Promise<ApiKeyEntity | null> {
    if (!isUUID(id, 'loose')) return null;
    return this.keys.findOneBy({ workspaceId, id });
  }

  /** Reads a key and locks it until the transaction ends. */
  async lock(manager: EntityManager, workspaceId: string, id: string): Promise<ApiKeyEntity | null> {
    if (!isUUID(id, 'loose')) return null;
    return manager.findOne(ApiKeyEntity, { where: { workspaceId, id }, lock: { mode: 'pessimistic_write' } });
  }

  async list(workspaceId: string, limit: number, after: ApiKeyPlace | undefined): Promise<ApiKeyEntity[]> {
    const query = this.keys.createQueryBuilder('key').where('key.workspaceId = :workspaceId', { workspaceId });
    if (after !== undefined) query.andWhere('(key.createdAt, key.id) < (:createdAt, :id)', { ...after });
    return query.orderBy('key.createdAt', 'DESC').addOrderBy('key.id', 'DESC').limit(limit).getMany();
  }

  async add(manager: EntityManager, key: ApiKeyEntity): Promise<void> {
    await manager.insert(ApiKeyEntity, key);
  }

  async setGraceEnd(manager: EntityManager, workspaceId: string, id: string, graceEndsAt: Date): Promise<void> {
    await manager.update(ApiKeyEntity, { workspaceId, id }, { graceEndsAt });
  }

  async revoke(manager: EntityManager, workspaceId: string, id: string, now: Date): Promise<void> {
    await manager.update(ApiKeyEntity, { workspaceId, id, revokedAt: IsNull() }, { revokedAt: now });
  }

  /** @returns the ids of the keys that were active until now. */
  async revokeOfCreator(manager: EntityManager, workspaceId: string, userId: string, now: Date): Promise<string[]> {
    const active = { workspaceId, createdBy: userId, revokedAt: IsNull() };
    const keys = await manager.find(ApiKeyEntity, {
      where: active,
      select: { id: true },
      lock: { mode: 'pessimistic_write' },
    });
    if (keys.length > 0) await manager.update(ApiKeyEntity, active, { revokedAt: now });
    return keys.map((key) => key.id);
  }

  async setLastUsed(workspaceId: string, id: string, now: Date): Promise<void> {
    await this.keys.update({ workspaceId, id }, { lastUsedAt: now });
  }
}
