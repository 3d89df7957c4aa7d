import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { ExecutorPoolEntity } from './executor-pool.entity.js';

/** What can be said of a pool. */
export type PoolChange = Partial<Omit<ExecutorPoolEntity, 'name' | 'updatedAt'>>;

@Injectable()
export class ExecutorPoolRepository {
  constructor(@InjectRepository(ExecutorPoolEntity) private readonly pools: Repository<ExecutorPoolEntity>) {}

  async all(): Promise<ExecutorPoolEntity[]> {
    return this.pools.find({ order: { name: 'ASC' } });
  }

  /** @returns null where nobody has said how the pool is to be. */
  async find(name: string): Promise<ExecutorPoolEntity | null> {
    return this.pools.findOneBy({ name });
  }

  /** As `find`, and nobody else changes it before the transaction ends. */
  async findForUpdate(manager: EntityManager, name: string): Promise<ExecutorPoolEntity | null> {
    return manager.findOne(ExecutorPoolEntity, { where: { name }, lock: { mode: 'pessimistic_write' } });
  }

  /** Changes what is given and leaves the rest. */
  async change(manager: EntityManager, name: string, change: PoolChange): Promise<void> {
    await manager.upsert(ExecutorPoolEntity, { ...change, name, updatedAt: new Date() }, ['name']);
  }
}
