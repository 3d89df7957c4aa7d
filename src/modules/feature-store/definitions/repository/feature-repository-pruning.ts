import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import type { AuditedTransaction } from '../../../audit/audit-trail.service.js';
import { DefinitionUseRepository } from '../definition-use.repository.js';
import { FeatureEntityRepository } from '../feature-entity.repository.js';
import { FeatureEntityService } from '../feature-entity.service.js';
import { FeatureServiceRepository } from '../feature-service.repository.js';
import { FeatureServiceService } from '../feature-service.service.js';
import { FeatureViewRepository } from '../feature-view.repository.js';
import { FeatureViewService } from '../feature-view.service.js';
import type { DefinitionKindName, RepositoryChange } from './repository-change.js';
import type { RepositoryFile } from './repository-file.js';

/** Deletes what a file does not name: services first, then views before those that they read, then entities. */
@Injectable()
export class FeatureRepositoryPruning {
  constructor(
    private readonly entityRepository: FeatureEntityRepository,
    private readonly viewRepository: FeatureViewRepository,
    private readonly serviceRepository: FeatureServiceRepository,
    private readonly use: DefinitionUseRepository,
    private readonly entities: FeatureEntityService,
    private readonly views: FeatureViewService,
    private readonly services: FeatureServiceService,
  ) {}

  /** The definitions of the workspace must be locked. @throws {CodedError} CONFLICT where something that stays needs it. */
  async prune(
    transaction: AuditedTransaction,
    context: ActorContext,
    file: RepositoryFile,
  ): Promise<RepositoryChange[]> {
    const { manager } = transaction;
    const { workspaceId } = context.actor;
    const changes: RepositoryChange[] = [];
    const deleted = (kind: DefinitionKindName, name: string) =>
      changes.push({ kind, name, change: 'DELETE', version: null, fields: [] });
    for (const name of unnamed(await this.serviceRepository.names(workspaceId, manager), file.featureServices)) {
      await this.services.deleteIn(transaction, context, name);
      deleted('FEATURE_SERVICE', name);
    }
    const views = unnamed(await this.viewRepository.names(workspaceId, manager), file.featureViews);
    for (const name of await this.readersFirst(transaction, context, views)) {
      await this.views.deleteIn(transaction, context, name);
      deleted('FEATURE_VIEW', name);
    }
    for (const name of unnamed(await this.entityRepository.names(workspaceId, manager), file.entities)) {
      await this.entities.deleteIn(transaction, context, name);
      deleted('FEATURE_ENTITY', name);
    }
    return changes;
  }

  /** Views do not read each other in a circle, so that each round finds some that none of the others reads. */
  private async readersFirst(
    { manager }: AuditedTransaction,
    { actor: { workspaceId } }: ActorContext,
    names: readonly string[],
  ): Promise<string[]> {
    const wanted = names.map((view) => ({ view, version: null }));
    const readers = new Map<string, readonly string[]>();
    for (const view of await this.viewRepository.list(workspaceId, wanted, manager)) {
      if (view !== null) readers.set(view.name, await this.use.viewsReadingView(manager, workspaceId, view.viewId));
    }
    const ordered: string[] = [];
    while (readers.size > 0) {
      const free = [...readers].filter(([, by]) => !by.some((name) => readers.has(name))).map(([name]) => name);
      if (free.length === 0)
        throw new Error(`Feature views read each other in a circle: ${[...readers.keys()].join(', ')}.`);
      for (const name of free) readers.delete(name);
      ordered.push(...free);
    }
    return ordered;
  }
}

function unnamed(names: readonly string[], declared: readonly { readonly name: string }[]): string[] {
  const kept = new Set(declared.map(({ name }) => name));
  return names.filter((name) => !kept.has(name)).sort();
}
