import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { sha256 } from '../../../../common/crypto/digest.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { type AuditedTransaction, AuditTrail } from '../../../audit/audit-trail.service.js';
import { lockDefinitions } from '../definitions-lock.js';
import { type ColumnReader, ExpressionEngine } from '../expression-engine.js';
import { checkFeatureEntity } from '../feature-entity.rules.js';
import { FeatureEntityService } from '../feature-entity.service.js';
import { checkFeatureService } from '../feature-service.rules.js';
import { FeatureServiceService } from '../feature-service.service.js';
import { checkFeatureView, readTransformation } from '../feature-view.rules.js';
import { FeatureViewService } from '../feature-view.service.js';
import { FeatureRepositoryPruning } from './feature-repository-pruning.js';
import { isPruned, type RepositoryChange, unchangedCount } from './repository-change.js';
import { RepositoryFile } from './repository-file.js';
import { viewOrder } from './view-order.rules.js';

export interface RepositoryOptions {
  /** Whether it is only told what would become of the definitions. */
  readonly dryRun: boolean;
  /** Whether definitions that the file does not name are deleted. */
  readonly prune: boolean;
}

/** Applies a file of definitions as a whole, or not at all. */
@Injectable()
export class FeatureRepositoryService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly entities: FeatureEntityService,
    private readonly views: FeatureViewService,
    private readonly services: FeatureServiceService,
    private readonly pruning: FeatureRepositoryPruning,
    private readonly expressions: ExpressionEngine,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * A plan is what happened: it is applied, and undone again where it is but to be told.
   * @throws {CodedError} as the definitions by themselves, with line and column of the file.
   */
  async apply(
    context: ActorContext,
    yaml: string,
    { dryRun, prune }: RepositoryOptions,
  ): Promise<readonly RepositoryChange[]> {
    const file = this.read(yaml);
    const order = await this.checked(file);
    const transformations = file.featureViews.map(({ transformation }) => readTransformation(transformation));
    return this.expressions.use(transformations, (columnsRead) =>
      this.audit.transaction(context, async (transaction) => {
        const { manager } = transaction;
        await lockDefinitions(manager, context.actor.workspaceId);
        if (dryRun) await manager.query('SAVEPOINT before_plan');
        const within = dryRun ? { ...transaction, audit: () => undefined } : transaction;
        const changes = await this.applyAll(within, context, file, order, columnsRead);
        if (prune) changes.push(...(await this.pruning.prune(within, context, file)));
        if (dryRun) await manager.query('ROLLBACK TO SAVEPOINT before_plan');
        transaction.audit({
          action: dryRun ? 'feature-repository.plan' : 'feature-repository.apply',
          resourceType: 'feature-repository',
          resourceId: `sha256:${sha256(yaml)}`,
          detail: {
            changed: changes.length - unchangedCount(changes),
            unchanged: unchangedCount(changes),
            deleted: changes.filter(isPruned).length,
          },
        });
        return changes;
      }),
    );
  }

  private read(yaml: string): RepositoryFile {
    const maxBytes = this.settings.NESTOR_FEATURE_REPOSITORY_MAX_BYTES;
    if (Buffer.byteLength(yaml) <= maxBytes) return RepositoryFile.of(yaml);
    throw new CodedError('INVALID_INPUT', `yaml: a file may have at most ${maxBytes} bytes.`);
  }

  /** What can be told of the file alone. @returns the order in which its views are applied. */
  private async checked(file: RepositoryFile): Promise<readonly number[]> {
    const check = async <Declared>(
      list: 'entities' | 'featureViews' | 'featureServices',
      all: readonly Declared[],
      rule: (declared: Declared) => unknown,
    ): Promise<void> => {
      for (const [index, declared] of all.entries()) await file.placing(list, index, async () => rule(declared));
    };
    await check('entities', file.entities, checkFeatureEntity);
    await check('featureViews', file.featureViews, checkFeatureView);
    await check('featureViews', file.featureViews, ({ transformation }) => readTransformation(transformation));
    await check('featureServices', file.featureServices, checkFeatureService);
    const ordered = viewOrder(file.featureViews);
    if ('order' in ordered) return ordered.order;
    const problem = `the views read each other in a circle: ${ordered.circle.join(', ')}`;
    throw file.problem('featureViews', ordered.at, 'source', problem);
  }

  private async applyAll(
    transaction: AuditedTransaction,
    context: ActorContext,
    file: RepositoryFile,
    order: readonly number[],
    columnsRead: ColumnReader,
  ): Promise<RepositoryChange[]> {
    const changes: RepositoryChange[] = [];
    for (const [index, entity] of file.entities.entries()) {
      const applied = await file.placing('entities', index, () => this.entities.applyIn(transaction, context, entity));
      changes.push({ ...applied, kind: 'FEATURE_ENTITY', name: entity.name, version: null });
    }
    for (const index of order) {
      const view = file.featureViews[index];
      if (view === undefined) continue;
      const applied = await file.placing('featureViews', index, () =>
        this.views.applyIn(transaction, context, view, columnsRead),
      );
      changes.push({ ...applied, kind: 'FEATURE_VIEW', name: view.name, version: applied.definition.version });
    }
    for (const [index, service] of file.featureServices.entries()) {
      const applied = await file.placing('featureServices', index, () =>
        this.services.applyIn(transaction, context, service),
      );
      changes.push({ ...applied, kind: 'FEATURE_SERVICE', name: service.name, version: applied.definition.version });
    }
    return changes;
  }
}
