import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { type AuditedTransaction, AuditTrail } from '../../audit/audit-trail.service.js';
import type { DeclaredFeatureView } from './declared-definitions.js';
import type { Applied } from './definition-change.js';
import { definitionNotFound } from './definition-names.rules.js';
import { DefinitionUseRepository } from './definition-use.repository.js';
import { lockDefinitions } from './definitions-lock.js';
import { type ColumnReader, ExpressionEngine } from './expression-engine.js';
import { bindFeatureView, definitionOf } from './feature-view-binding.rules.js';
import type { FeatureViewDefinition } from './feature-view.js';
import { type ListedFeatureView, FeatureViewRepository } from './feature-view.repository.js';
import { changedParts, checkFeatureView, readTransformation, storedForm } from './feature-view.rules.js';
import { ViewGrounds } from './view-grounds.js';

/** Feature views as users define them. */
@Injectable()
export class FeatureViewService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly views: FeatureViewRepository,
    private readonly grounds: ViewGrounds,
    private readonly use: DefinitionUseRepository,
    private readonly expressions: ExpressionEngine,
    private readonly audit: AuditTrail,
  ) {}

  /** @param version undefined for the newest. */
  async find({ actor }: ActorContext, name: string, version: number | undefined): Promise<ListedFeatureView | null> {
    const [found] = await this.views.list(actor.workspaceId, [{ view: name, version: version ?? null }]);
    return found ?? null;
  }

  /** Newest versions, by name. */
  async page(
    { actor }: ActorContext,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<ListedFeatureView>> {
    return this.views.page(actor.workspaceId, pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE), after);
  }

  /**
   * Makes a view, or a new version where the newest says something else.
   * @throws {CodedError} INVALID_INPUT, INVALID_TRANSFORMATION, INVALID_EXPRESSION, NOT_FOUND
   */
  async apply(context: ActorContext, declared: DeclaredFeatureView): Promise<ListedFeatureView> {
    checkFeatureView(declared);
    return this.expressions.use([readTransformation(declared.transformation)], (columnsRead) =>
      this.audit.transaction(context, async (transaction) => {
        await lockDefinitions(transaction.manager, context.actor.workspaceId);
        return (await this.applyIn(transaction, context, declared, columnsRead)).definition;
      }),
    );
  }

  /** @throws {CodedError} NOT_FOUND, CONFLICT where it is used. */
  async delete(context: ActorContext, name: string): Promise<ListedFeatureView> {
    return this.audit.transaction(context, async (transaction) => {
      await lockDefinitions(transaction.manager, context.actor.workspaceId);
      return this.deleteIn(transaction, context, name);
    });
  }

  /** As `apply`, of a view that was checked by itself. The definitions of the workspace must be locked. */
  async applyIn(
    { manager, audit }: AuditedTransaction,
    { actor }: ActorContext,
    declared: DeclaredFeatureView,
    columnsRead: ColumnReader,
  ): Promise<Applied<ListedFeatureView>> {
    const { workspaceId, id: createdBy } = actor;
    const { name } = declared;
    const [before = null] = await this.views.list(workspaceId, [{ view: name, version: null }], manager);
    const definition = await this.definitionOf({ manager, workspaceId }, declared, before?.viewId, columnsRead);
    const fields = before === null ? [] : changedParts(before, definition);
    const isUnchanged = before !== null && fields.length === 0;
    const version = isUnchanged ? before : await this.views.add(manager, { workspaceId, name, definition, createdBy });
    const change = isUnchanged ? 'UNCHANGED' : before === null ? 'CREATE' : 'NEW_VERSION';
    audit({
      action: 'feature-view.apply',
      resourceType: 'feature-view',
      resourceId: name,
      detail: { change, version: version.version, fields: fields.join(', ') },
    });
    return { change, fields, definition: version };
  }

  /** As `delete`. The definitions of the workspace must be locked. */
  async deleteIn(
    { manager, audit }: AuditedTransaction,
    { actor: { workspaceId } }: ActorContext,
    name: string,
  ): Promise<ListedFeatureView> {
    const [view] = await this.views.list(workspaceId, [{ view: name, version: null }], manager);
    if (view == null) throw definitionNotFound('feature view', name);
    const services = await this.use.servicesUsingView(manager, workspaceId, view.viewId);
    const views = await this.use.viewsReadingView(manager, workspaceId, view.viewId);
    const users = [...services.map((user) => `service ${user}`), ...views.map((user) => `view ${user}`)];
    if (users.length > 0) {
      throw new CodedError(
        'CONFLICT',
        `Feature view ${name} is used by ${users.join(', ')}. Change or delete these first.`,
      );
    }
    await this.views.delete(manager, view.viewId);
    audit({ action: 'feature-view.delete', resourceType: 'feature-view', resourceId: name });
    return view;
  }

  private async definitionOf(
    place: { readonly manager: AuditedTransaction['manager']; readonly workspaceId: string },
    declared: DeclaredFeatureView,
    viewId: string | undefined,
    columnsRead: ColumnReader,
  ): Promise<FeatureViewDefinition> {
    const transformation = readTransformation(declared.transformation);
    const ground = await this.grounds.find(place, declared, viewId, transformation);
    const bound = bindFeatureView(declared, ground);
    const read = bound.pipeline === null ? new Set<string>() : await columnsRead(bound.pipeline);
    return storedForm(definitionOf(bound, ground, read));
  }
}
