import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository, type SelectQueryBuilder } from 'typeorm';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../../common/graphql/page.js';
import { RegisteredModelEntity } from './entities/registered-model.entity.js';
import type { ModelListRequest, ModelOrder, ModelOrderField } from './model-list.js';
import { MODEL_NAME } from './names.rules.js';

interface Order {
  /** The last column is unique, so that no row is skipped or shown twice where values are equal. */
  readonly columns: readonly (keyof RegisteredModelEntity)[];
  readonly keysOf: (model: RegisteredModelEntity) => readonly string[];
  /** What the keys look like: a made-up cursor must not reach the database. */
  readonly patterns: readonly RegExp[];
}

const TIME = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const orders: Record<ModelOrderField, Order> = {
  NAME: { columns: ['name'], keysOf: (model) => [model.name], patterns: [MODEL_NAME] },
  CREATED_AT: {
    columns: ['createdAt', 'id'],
    keysOf: (model) => [model.createdAt.toISOString(), model.id],
    patterns: [TIME, UUID],
  },
  UPDATED_AT: {
    columns: ['updatedAt', 'id'],
    keysOf: (model) => [model.updatedAt.toISOString(), model.id],
    patterns: [TIME, UUID],
  },
};

@Injectable()
export class RegisteredModelRepository {
  constructor(@InjectRepository(RegisteredModelEntity) private readonly models: Repository<RegisteredModelEntity>) {}

  async findByName(workspaceId: string, name: string): Promise<RegisteredModelEntity | null> {
    return MODEL_NAME.test(name) ? this.models.findOneBy({ workspaceId, name }) : null;
  }

  /** Names by id. */
  async names(workspaceId: string, ids: readonly string[]): Promise<Map<string, string>> {
    const models = await this.models.find({
      select: { id: true, name: true },
      where: { workspaceId, id: In([...ids]) },
    });
    return new Map(models.map(({ id, name }) => [id, name]));
  }

  async insert(manager: EntityManager, model: RegisteredModelEntity): Promise<void> {
    await manager.insert(RegisteredModelEntity, model);
  }

  /** Locks the model's row until the transaction ends and marks the model as changed. @returns false when it is gone. */
  async touch(manager: EntityManager, workspaceId: string, id: string, at: Date): Promise<boolean> {
    const { affected } = await manager.update(RegisteredModelEntity, { workspaceId, id }, { updatedAt: at });
    return affected === 1;
  }

  /**
   * Takes the next version number. The row stays locked until the transaction ends, so that a number that is not used
   * after all is given to the next one, and the numbers have no gaps. @returns null when the model is gone.
   */
  async allocateVersion(manager: EntityManager, workspaceId: string, id: string, at: Date): Promise<number | null> {
    const result = await manager
      .createQueryBuilder()
      .update(RegisteredModelEntity)
      .set({ nextVersion: () => 'next_version + 1', updatedAt: at })
      .where({ workspaceId, id })
      .returning('next_version')
      .execute();
    const [row] = result.raw as { next_version: number }[];
    return row === undefined ? null : row.next_version - 1;
  }

  async list(workspaceId: string, request: ModelListRequest): Promise<Page<RegisteredModelEntity>> {
    const { size, after, order } = request;
    const { columns, keysOf } = orders[order.field];
    const query = this.models.createQueryBuilder('model').where('model.workspaceId = :workspaceId', { workspaceId });
    applyFilter(query, request);
    if (after !== undefined) applyCursor(query, after, order);
    for (const column of columns) query.addOrderBy(`model.${column}`, order.direction);
    // The order is part of the cursor: one of another order would point anywhere.
    return pageOf(await query.take(size + 1).getMany(), size, (model) => [order.field, ...keysOf(model)]);
  }
}

function applyFilter(query: SelectQueryBuilder<RegisteredModelEntity>, { filter }: ModelListRequest): void {
  if (filter.nameContains !== undefined) {
    const pattern = `%${filter.nameContains.replaceAll(/[\\%_]/g, '\\$&')}%`;
    query.andWhere('model.name ILIKE :pattern', { pattern });
  }
  if (filter.tags !== undefined) {
    query.andWhere('model.tags @> CAST(:tags AS jsonb)', { tags: JSON.stringify(filter.tags) });
  }
  if (filter.stage !== undefined) {
    query.andWhere(
      'EXISTS (SELECT 1 FROM model_versions version WHERE version.model_id = model.id AND version.stage = :stage)',
      { stage: filter.stage },
    );
  }
}

/** Continues behind a row: a comparison of whole rows, which an index on the same columns serves. */
function applyCursor(query: SelectQueryBuilder<RegisteredModelEntity>, cursor: string, order: ModelOrder): void {
  const { columns, patterns } = orders[order.field];
  const [field, ...keys] = decodeCursor(cursor, columns.length + 1).map(String);
  if (field !== order.field || !keys.every((key, index) => patterns[index]?.test(key) && isRealTime(key))) {
    throw invalidCursor();
  }
  const operator = order.direction === 'ASC' ? '>' : '<';
  const names = columns.map((column) => `model.${column}`).join(', ');
  query.andWhere(
    `(${names}) ${operator} (${keys.map((_, index) => `:key${index}`).join(', ')})`,
    Object.fromEntries(keys.map((key, index) => [`key${index}`, key])),
  );
}

/** Not the 31st of February. */
const isRealTime = (key: string): boolean => !TIME.test(key) || new Date(key).toJSON() === key;
