import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { type AuditedTransaction, AuditTrail } from '../../audit/audit-trail.service.js';
import type { DeclaredFeatureEntity } from './declared-definitions.js';
import type { Applied } from './definition-change.js';
import { definitionError } from './definition-error.js';
import { checkDescription, definitionNotFound } from './definition-names.rules.js';
import { DefinitionUseRepository } from './definition-use.repository.js';
import { lockDefinitions } from './definitions-lock.js';
import type { FeatureEntityEntity } from './entities/feature-entity.entity.js';
import { FeatureEntityRepository } from './feature-entity.repository.js';
import { checkFeatureEntity } from './feature-entity.rules.js';

@Injectable()
export class FeatureEntityService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly entities: FeatureEntityRepository,
    private readonly use: DefinitionUseRepository,
    private readonly audit: AuditTrail,
  ) {}

  async find({ actor }: ActorContext, name: string): Promise<FeatureEntityEntity | null> {
    return this.entities.find(actor.workspaceId, name);
  }

  /** By name. */
  async page(
    { actor }: ActorContext,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<FeatureEntityEntity>> {
    return this.entities.page(actor.workspaceId, pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE), after);
  }

  /** @throws {CodedError} INVALID_INPUT, ALREADY_EXISTS */
  async create(context: ActorContext, declared: DeclaredFeatureEntity): Promise<FeatureEntityEntity> {
    checkFeatureEntity(declared);
    return this.changing(context, async (transaction) => {
      const before = await this.entities.find(context.actor.workspaceId, declared.name, transaction.manager);
      if (before === null) return this.add(transaction, context, declared);
      throw new CodedError('ALREADY_EXISTS', `There is a feature entity ${JSON.stringify(declared.name)} already.`);
    });
  }

  /** @throws {CodedError} INVALID_INPUT, NOT_FOUND */
  async describe(context: ActorContext, name: string, description: string): Promise<FeatureEntityEntity> {
    checkDescription(description, ['description']);
    return this.changing(context, async (transaction) => {
      const entity = await this.get(transaction, context, name);
      return this.redescribe(transaction, entity, description);
    });
  }

  /** @throws {CodedError} NOT_FOUND, CONFLICT where a view tells of it. */
  async delete(context: ActorContext, name: string): Promise<FeatureEntityEntity> {
    return this.changing(context, (transaction) => this.deleteIn(transaction, context, name));
  }

  /**
   * Creates an entity, or describes it anew. The definitions of the workspace must be locked.
   * @throws {CodedError} CONFLICT where it has other keys
   */
  async applyIn(
    transaction: AuditedTransaction,
    context: ActorContext,
    declared: DeclaredFeatureEntity,
  ): Promise<Applied<FeatureEntityEntity>> {
    const before = await this.entities.find(context.actor.workspaceId, declared.name, transaction.manager);
    if (before === null) {
      return { change: 'CREATE', fields: [], definition: await this.add(transaction, context, declared) };
    }
    if (!isDeepStrictEqual(before.joinKeys, declared.joinKeys)) {
      const keys = before.joinKeys.map(({ name, type }) => `${name} ${type}`).join(', ');
      const problem = `the keys of an entity never change, and those of ${before.name} are ${keys}`;
      throw definitionError(['joinKeys'], problem, 'CONFLICT');
    }
    if (before.description === declared.description) return { change: 'UNCHANGED', fields: [], definition: before };
    const definition = await this.redescribe(transaction, before, declared.description);
    return { change: 'UPDATE', fields: ['description'], definition };
  }

  /** As `delete`. The definitions of the workspace must be locked. */
  async deleteIn(transaction: AuditedTransaction, context: ActorContext, name: string): Promise<FeatureEntityEntity> {
    const entity = await this.get(transaction, context, name);
    const views = await this.use.viewsOfEntity(transaction.manager, context.actor.workspaceId, name);
    if (views.length > 0) {
      throw new CodedError('CONFLICT', `Feature views tell of ${name}: ${views.join(', ')}. Delete these first.`);
    }
    const deleted = await this.entities.change(transaction.manager, entity, { deletedAt: new Date() });
    transaction.audit({ action: 'feature-entity.delete', resourceType: 'feature-entity', resourceId: name });
    return deleted;
  }

  private async changing<Result>(
    context: ActorContext,
    work: (transaction: AuditedTransaction) => Promise<Result>,
  ): Promise<Result> {
    return this.audit.transaction(context, async (transaction) => {
      await lockDefinitions(transaction.manager, context.actor.workspaceId);
      return work(transaction);
    });
  }

  private async get(
    { manager }: AuditedTransaction,
    { actor }: ActorContext,
    name: string,
  ): Promise<FeatureEntityEntity> {
    const entity = await this.entities.find(actor.workspaceId, name, manager);
    if (entity === null) throw definitionNotFound('feature entity', name);
    return entity;
  }

  private async add(
    transaction: AuditedTransaction,
    { actor }: ActorContext,
    { name, description, joinKeys }: DeclaredFeatureEntity,
  ): Promise<FeatureEntityEntity> {
    const now = new Date();
    const entity: FeatureEntityEntity = {
      id: randomUUID(),
      workspaceId: actor.workspaceId,
      name,
      description,
      joinKeys,
      createdBy: actor.id,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    };
    await this.entities.insert(transaction.manager, entity);
    transaction.audit({ action: 'feature-entity.create', resourceType: 'feature-entity', resourceId: name });
    return entity;
  }

  private async redescribe(
    transaction: AuditedTransaction,
    entity: FeatureEntityEntity,
    description: string,
  ): Promise<FeatureEntityEntity> {
    const change = { description, updatedAt: new Date() };
    const changed = await this.entities.change(transaction.manager, entity, change);
    transaction.audit({ action: 'feature-entity.update', resourceType: 'feature-entity', resourceId: entity.name });
    return changed;
  }
}
