import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { ExecutorPoolEntity } from './executor-pool.entity.js';

@Injectable()
export class ExecutorPoolRepository {
  constructor(@InjectRepository(ExecutorPoolEntity) private readonly pools: Repository<ExecutorPoolEntity>) {}

  async all(): Promise<ExecutorPoolEntity[]> {
    return this.pools.find({ order: { name: 'ASC' } });
  }

  /** @returns null where nobody has said how large the pool is to be. */
  async replicasOf(name: string): Promise<number | null> {
    const pool = await this.pools.findOneBy({ name });
    return pool?.replicas ?? null;
  }

  async set(manager: EntityManager, pool: ExecutorPoolEntity): Promise<void> {
    await manager.upsert(ExecutorPoolEntity, pool, ['name']);
  }
}
