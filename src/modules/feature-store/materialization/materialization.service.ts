import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { type AuditedTransaction, AuditTrail } from '../../audit/audit-trail.service.js';
import { type FeatureViewRecord, FeatureViewRepository } from '../definitions/feature-view.repository.js';
import type { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';
import { MaterializationLeases } from './materialization-leases.js';
import { MaterializationQueue } from './materialization-queue.js';
import type { MaterializationKind } from './materialization-state.js';
import { MaterializationRepository } from './materialization.repository.js';

/** What is to be brought online. */
export interface MaterializationRequest {
  readonly kind: MaterializationKind;
  readonly view: string;
  /** The newest, unless given. */
  readonly version?: number | undefined;
  /** Least event time, inclusive; none, unless given. An incremental one finds its own. */
  readonly from?: Date | undefined;
  /** Greatest event time, inclusive; now, unless given. */
  readonly to?: Date | undefined;
}

/** Most materializations of one view that may wait. */
const MAX_OPEN = 100;

/** When it is worth asking again while too many wait, in milliseconds. */
const RETRY_AFTER_MS = 10_000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Takes materializations: the row is written first, then the queue is told; the sweeper queues what it did not hear. */
@Injectable()
export class MaterializationService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly views: FeatureViewRepository,
    private readonly materializations: MaterializationRepository,
    private readonly leases: MaterializationLeases,
    private readonly queue: MaterializationQueue,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @returns the materialization once it is recorded.
   * @throws {CodedError} NOT_FOUND, INVALID_INPUT, CONFLICT where the view has no rows that can be online, OVERLOADED
   */
  async materialize(context: ActorContext, request: MaterializationRequest): Promise<FeatureMaterializationEntity> {
    const { kind, from = null, to = new Date() } = request;
    const { workspaceId } = context.actor;
    if (from !== null && from > to) throw new CodedError('INVALID_INPUT', 'from: it must not be after to.');
    const view = await this.viewOf(workspaceId, request.view, request.version);
    assertMaterializable(view);
    const id = randomUUID();
    const { kind: actorKind, id: actorId, name } = context.actor;
    return this.audit.transaction(context, async (transaction) => {
      await this.assertRoom(transaction, view);
      await this.materializations.insert(transaction.manager, {
        id,
        workspaceId,
        viewId: view.viewId,
        viewVersionId: view.id,
        view: view.name,
        version: view.version,
        kind,
        fromTime: from,
        toTime: to,
        maxAttempts: this.settings.NESTOR_JOB_ATTEMPTS,
        requestId: context.requestId,
        requestedBy: { kind: actorKind, id: actorId, name },
      });
      transaction.audit({
        action: 'feature-view.materialize',
        resourceType: 'feature-view',
        resourceId: view.name,
        detail: {
          materialization: id,
          version: view.version,
          kind,
          from: from?.toISOString() ?? null,
          to: to.toISOString(),
        },
      });
      transaction.afterCommit(async () => {
        await this.queue.add([{ id, generation: 1, priority: 0, delayMs: 0 }]);
      });
      return this.get(workspaceId, id, transaction);
    });
  }

  /**
   * What is online by then stays. @returns the materialization as it is now.
   * @throws {CodedError} NOT_FOUND; CONFLICT where it has ended.
   */
  async cancel(context: ActorContext, id: string): Promise<FeatureMaterializationEntity> {
    const { workspaceId } = context.actor;
    if ((await this.find(context, id)) === null) throw materializationNotFound(id);
    return this.audit.transaction(context, async (transaction) => {
      const isCancelled = await this.leases.cancel(transaction, workspaceId, id);
      const run = await this.get(workspaceId, id, transaction);
      if (!isCancelled) throw new CodedError('CONFLICT', `The materialization has ended: it is ${run.status}.`);
      transaction.audit({
        action: 'feature-view.cancel-materialization',
        resourceType: 'feature-view',
        resourceId: run.view,
        detail: { materialization: id },
      });
      return run;
    });
  }

  async find({ actor }: ActorContext, id: string): Promise<FeatureMaterializationEntity | null> {
    return UUID.test(id) ? this.materializations.find(actor.workspaceId, id) : null;
  }

  /** Those of all versions of a view, newest first. @throws {CodedError} NOT_FOUND */
  async page(
    { actor }: ActorContext,
    name: string,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<FeatureMaterializationEntity>> {
    const view = await this.viewOf(actor.workspaceId, name);
    return this.materializations.page(view.viewId, pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE), after);
  }

  private async viewOf(workspaceId: string, name: string, version?: number): Promise<FeatureViewRecord> {
    const view = await this.views.find(workspaceId, name, version);
    if (view !== null) return view;
    const which = version === undefined ? '' : ` with a version ${version}`;
    throw new CodedError(
      'NOT_FOUND',
      `There is no feature view ${JSON.stringify(name.slice(0, 128))}${which} in this workspace.`,
    );
  }

  private async assertRoom({ manager }: AuditedTransaction, view: FeatureViewRecord): Promise<void> {
    if ((await this.materializations.countOpen(manager, view.viewId)) < MAX_OPEN) return;
    throw new CodedError('OVERLOADED', `${MAX_OPEN} materializations of ${view.name} wait already.`, {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  private async get(
    workspaceId: string,
    id: string,
    { manager }: AuditedTransaction,
  ): Promise<FeatureMaterializationEntity> {
    const run = await this.materializations.find(workspaceId, id, manager);
    if (run === null) throw new Error(`The materialization ${id} was just there.`);
    return run;
  }
}

function assertMaterializable({ name, version, source, isOnline }: FeatureViewRecord): void {
  if (source.kind === 'REQUEST') {
    throw new CodedError('CONFLICT', `Feature view ${name} is computed on demand; there is nothing to materialize.`);
  }
  if (!isOnline) {
    throw new CodedError(
      'CONFLICT',
      `Feature view ${name} (version ${version}) is not kept online. Define it with isOnline: true.`,
    );
  }
}

export const materializationNotFound = (id: string): CodedError =>
  new CodedError('NOT_FOUND', `There is no materialization ${JSON.stringify(id.slice(0, 64))} in this workspace.`);
