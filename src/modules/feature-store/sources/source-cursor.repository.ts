import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { JsonObject } from '../../../common/json/json-object.js';
import { SourceCursorEntity } from './entities/source-cursor.entity.js';

/** Up to where sources were read. */
@Injectable()
export class SourceCursorRepository {
  constructor(@InjectRepository(SourceCursorEntity) private readonly cursors: Repository<SourceCursorEntity>) {}

  async find(sourceId: string): Promise<JsonObject | null> {
    return (await this.cursors.findOneBy({ sourceId }))?.cursor ?? null;
  }

  /** To be called with the row of the source locked, in the transaction that makes visible what was read. */
  async keep(manager: EntityManager, sourceId: string, cursor: JsonObject): Promise<void> {
    await manager.save(SourceCursorEntity, { sourceId, cursor, updatedAt: new Date() });
  }

  /** What is read next is read from the beginning. */
  async forget(manager: EntityManager, sourceId: string): Promise<void> {
    await manager.delete(SourceCursorEntity, { sourceId });
  }
}
