import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { type AuditedTransaction, AuditTrail } from '../../audit/audit-trail.service.js';
import type { DeclaredFeatureService } from './declared-definitions.js';
import type { Applied } from './definition-change.js';
import { definitionNotFound } from './definition-names.rules.js';
import { lockDefinitions } from './definitions-lock.js';
import type { FeatureServiceVersionEntity } from './entities/feature-service-version.entity.js';
import { FeatureServiceRepository } from './feature-service.repository.js';
import { changedServiceParts, checkFeatureService, serviceFeatures } from './feature-service.rules.js';
import { ViewGrounds } from './view-grounds.js';

/** Feature services as users define them. */
@Injectable()
export class FeatureServiceService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly services: FeatureServiceRepository,
    private readonly grounds: ViewGrounds,
    private readonly audit: AuditTrail,
  ) {}

  /** @param version undefined for the newest. */
  async find(
    { actor }: ActorContext,
    name: string,
    version: number | undefined,
  ): Promise<FeatureServiceVersionEntity | null> {
    return this.services.find(actor.workspaceId, name, version);
  }

  /** Newest versions, by name. */
  async page(
    { actor }: ActorContext,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<FeatureServiceVersionEntity>> {
    return this.services.page(actor.workspaceId, pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE), after);
  }

  /** Makes a service, or a new version where the newest says something else. @throws {CodedError} INVALID_INPUT, NOT_FOUND */
  async apply(context: ActorContext, declared: DeclaredFeatureService): Promise<FeatureServiceVersionEntity> {
    checkFeatureService(declared);
    return this.audit.transaction(context, async (transaction) => {
      await lockDefinitions(transaction.manager, context.actor.workspaceId);
      return (await this.applyIn(transaction, context, declared)).definition;
    });
  }

  /** @throws {CodedError} NOT_FOUND */
  async delete(context: ActorContext, name: string): Promise<FeatureServiceVersionEntity> {
    return this.audit.transaction(context, async (transaction) => {
      await lockDefinitions(transaction.manager, context.actor.workspaceId);
      return this.deleteIn(transaction, context, name);
    });
  }

  /** As `apply`, of a service that was checked by itself. The definitions of the workspace must be locked. */
  async applyIn(
    { manager, audit }: AuditedTransaction,
    { actor: { workspaceId, id: createdBy } }: ActorContext,
    declared: DeclaredFeatureService,
  ): Promise<Applied<FeatureServiceVersionEntity>> {
    const { name, description } = declared;
    const views = await this.grounds.viewsOf({ manager, workspaceId }, declared.features, (index) => [
      'features',
      index,
    ]);
    const features = serviceFeatures(declared, views);
    const before = await this.services.find(workspaceId, name, undefined, manager);
    const fields = before === null ? [] : changedServiceParts(before, { description, features });
    const isUnchanged = before !== null && fields.length === 0;
    const given = { workspaceId, name, description, features, createdBy };
    const version = isUnchanged ? before : await this.services.add(manager, given);
    const change = isUnchanged ? 'UNCHANGED' : before === null ? 'CREATE' : 'NEW_VERSION';
    audit({
      action: 'feature-service.apply',
      resourceType: 'feature-service',
      resourceId: name,
      detail: { change, version: version.version, fields: fields.join(', ') },
    });
    return { change, fields, definition: version };
  }

  /** As `delete`. The definitions of the workspace must be locked. */
  async deleteIn(
    { manager, audit }: AuditedTransaction,
    { actor }: ActorContext,
    name: string,
  ): Promise<FeatureServiceVersionEntity> {
    const service = await this.services.find(actor.workspaceId, name, undefined, manager);
    if (service === null) throw definitionNotFound('feature service', name);
    await this.services.delete(manager, service.serviceId);
    audit({ action: 'feature-service.delete', resourceType: 'feature-service', resourceId: name });
    return service;
  }
}
