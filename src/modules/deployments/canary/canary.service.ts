import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { DeploymentRevisions } from '../deployment-revisions.js';
import { ServableVariants } from '../servable-variants.js';
import { CanaryProgress } from './canary-progress.js';
import { CanaryRepository } from './canary.repository.js';
import { assertPlan, variantsWithCanary } from './canary.rules.js';
import type { Canary, CanaryPlan } from './canary.js';

/** Canaries as their owners start, stop and see them. The runner moves them. */
@Injectable()
export class CanaryService {
  constructor(
    private readonly revisions: DeploymentRevisions,
    private readonly canaries: CanaryRepository,
    private readonly progress: CanaryProgress,
    private readonly servable: ServableVariants,
    private readonly auditTrail: AuditTrail,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async page(
    { actor }: ActorContext,
    deployment: string,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<Canary>> {
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    return this.canaries.page(actor.workspaceId, deployment, size, after);
  }

  /** @throws {CodedError} DEPLOYMENT_NOT_FOUND, MODEL_NOT_FOUND, INVALID_INPUT, CONFLICT */
  async start(context: ActorContext, deployment: string, plan: CanaryPlan): Promise<Canary> {
    const { workspaceId, id: startedBy } = context.actor;
    assertPlan(plan);
    return this.auditTrail.transaction(context, async (transaction) => {
      const live = await this.revisions.lock(transaction, workspaceId, deployment);
      this.revisions.assertNoCanary(live);
      await this.servable.assert(workspaceId, variantsWithCanary(live.variants, plan, plan.steps[0] ?? 100));
      const now = new Date();
      const canary: Canary = {
        ...plan,
        id: randomUUID(),
        workspaceId,
        deploymentId: live.id,
        deployment,
        status: 'RUNNING',
        step: 0,
        reason: `canary of ${plan.model} version ${plan.version} started`,
        startedBy,
        startedAt: now,
        stepStartedAt: now,
        endedAt: null,
      };
      await this.progress.start(transaction, live, canary);
      return canary;
    });
  }

  /** Takes the canary back. @throws {CodedError} DEPLOYMENT_NOT_FOUND; CONFLICT where none runs. */
  async cancel(context: ActorContext, deployment: string): Promise<Canary> {
    const { workspaceId, id: revisedBy } = context.actor;
    return this.auditTrail.transaction(context, async (transaction) => {
      const live = await this.revisions.lock(transaction, workspaceId, deployment);
      const id = live.canaryId;
      await this.progress.withdraw(transaction, live, 'cancelled', revisedBy);
      const cancelled = id === null ? null : await this.canaries.find(transaction.manager, workspaceId, id);
      if (cancelled === null) throw new CodedError('CONFLICT', 'No canary runs in this deployment.');
      return cancelled;
    });
  }
}
