import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { JsonObject } from '../../../common/json/json-object.js';
import { SourceCursorEntity } from './entities/source-cursor.entity.js';

/** How far a collection read. */
export interface CursorMove {
  /** Where it began; null for the beginning. */
  readonly from: JsonObject | null;
  readonly to: JsonObject;
}

/** Up to where sources were read. */
@Injectable()
export class SourceCursorRepository {
  constructor(@InjectRepository(SourceCursorEntity) private readonly cursors: Repository<SourceCursorEntity>) {}

  async find(sourceId: string): Promise<JsonObject | null> {
    return (await this.cursors.findOneBy({ sourceId }))?.cursor ?? null;
  }

  /**
   * To be called with the row of the source locked, in the transaction that makes visible what was read.
   * @throws {CodedError} SERVICE_UNAVAILABLE where the source is to be read from elsewhere by now: these rows do not follow
   * those that are kept.
   */
  async move(manager: EntityManager, sourceId: string, { from, to }: CursorMove): Promise<void> {
    const current = await manager.findOneBy(SourceCursorEntity, { sourceId });
    if (!isDeepStrictEqual(current?.cursor ?? null, from)) {
      throw new CodedError('SERVICE_UNAVAILABLE', 'The data source was restored or changed while it was read.');
    }
    await manager.save(SourceCursorEntity, { sourceId, cursor: to, updatedAt: new Date() });
  }

  /** What is read next is read from the beginning. */
  async forget(manager: EntityManager, sourceId: string): Promise<void> {
    await manager.delete(SourceCursorEntity, { sourceId });
  }
}
