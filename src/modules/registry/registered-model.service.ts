import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../common/access/actor.js';
import { SETTINGS } from '../../common/config/config.module.js';
import type { Settings } from '../../common/config/settings.js';
import { isUniqueViolation } from '../../common/database/database-errors.rules.js';
import { CodedError } from '../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../common/graphql/page.js';
import { AuditTrail } from '../audit/audit-trail.service.js';
import type { RegisteredModelEntity } from './entities/registered-model.entity.js';
import type { ModelFilter, ModelOrder } from './model-list.js';
import { RegisteredModelRepository } from './registered-model.repository.js';
import { RegistrySnapshot } from './snapshot/registry-snapshot.js';
import { type Tag, tagsOf } from './tags.rules.js';

export interface NewModel {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly tags?: readonly Tag[] | null | undefined;
}

export interface ModelListOptions {
  readonly first?: number | undefined;
  readonly after?: string | undefined;
  readonly filter?: ModelFilter | undefined;
  readonly order?: ModelOrder | undefined;
}

@Injectable()
export class RegisteredModelService {
  constructor(
    private readonly models: RegisteredModelRepository,
    private readonly auditTrail: AuditTrail,
    private readonly snapshot: RegistrySnapshot,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws {CodedError} ALREADY_EXISTS, INVALID_INPUT */
  async create(context: ActorContext, input: NewModel): Promise<RegisteredModelEntity> {
    const { workspaceId, id: createdBy } = context.actor;
    const now = new Date();
    const model: RegisteredModelEntity = {
      id: randomUUID(),
      workspaceId,
      name: input.name,
      description: input.description ?? '',
      tags: tagsOf(input.tags ?? []),
      nextVersion: 1,
      createdBy,
      createdAt: now,
      updatedAt: now,
    };
    try {
      await this.auditTrail.transaction(context, async (transaction) => {
        await this.models.insert(transaction.manager, model);
        transaction.audit({ action: 'model.create', resourceType: 'registered-model', resourceId: model.name });
        transaction.afterCommit(() => this.snapshot.changed(workspaceId));
      });
    } catch (thrown) {
      if (!isUniqueViolation(thrown, 'registered_models_name_key')) throw thrown;
      throw new CodedError('ALREADY_EXISTS', `There is a registered model ${JSON.stringify(input.name)} already.`, {
        cause: thrown,
      });
    }
    return model;
  }

  async find(context: ActorContext, name: string): Promise<RegisteredModelEntity | null> {
    return this.models.findByName(context.actor.workspaceId, name);
  }

  async list(context: ActorContext, options: ModelListOptions): Promise<Page<RegisteredModelEntity>> {
    return this.models.list(context.actor.workspaceId, {
      size: pageSize(options.first, this.settings.NESTOR_PAGE_MAX_SIZE),
      after: options.after,
      filter: options.filter ?? {},
      order: options.order ?? { field: 'NAME', direction: 'ASC' },
    });
  }
}
