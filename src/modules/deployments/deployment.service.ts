import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../common/access/actor.js';
import { SETTINGS } from '../../common/config/config.module.js';
import type { Settings } from '../../common/config/settings.js';
import { isUniqueViolation } from '../../common/database/database-errors.rules.js';
import { CodedError } from '../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../common/graphql/page.js';
import { AuditTrail } from '../audit/audit-trail.service.js';
import { CanaryProgress } from './canary/canary-progress.js';
import type { Deployment, DeploymentCriteria } from './deployment.js';
import { DeploymentRepository } from './deployment.repository.js';
import { DeploymentRevisions, type Revision } from './deployment-revisions.js';
import { ServableVariants } from './servable-variants.js';
import type { Environment, LoggingPolicy, Variant } from './variant.js';
import { assertLogging, assertNotReserved, promoted } from './variants.rules.js';

export interface NewDeployment {
  readonly name: string;
  readonly environment: Environment;
  readonly description: string;
  readonly variants: readonly Variant[];
  readonly logging: LoggingPolicy;
}

export interface DeploymentUpdate {
  readonly name: string;
  readonly variants?: readonly Variant[] | undefined;
  readonly logging?: LoggingPolicy | undefined;
  readonly description?: string | undefined;
  readonly reason: string;
}

/** Named endpoints over model versions; every change is a revision that can be told and gone back to. */
@Injectable()
export class DeploymentService {
  constructor(
    private readonly deployments: DeploymentRepository,
    private readonly revisions: DeploymentRevisions,
    private readonly canaries: CanaryProgress,
    private readonly servable: ServableVariants,
    private readonly auditTrail: AuditTrail,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async find({ actor }: ActorContext, name: string): Promise<Deployment | null> {
    return this.deployments.find(actor.workspaceId, name);
  }

  /** What was live under a name at a time, also of a deployment that has been deleted since. */
  async at({ actor }: ActorContext, name: string, time: Date): Promise<Deployment | null> {
    return this.deployments.at(actor.workspaceId, name, time);
  }

  async page(
    { actor }: ActorContext,
    criteria: DeploymentCriteria,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<Deployment>> {
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    return this.deployments.page(actor.workspaceId, criteria, size, after);
  }

  /** @throws {CodedError} ALREADY_EXISTS, INVALID_INPUT, MODEL_NOT_FOUND */
  async create(context: ActorContext, input: NewDeployment): Promise<Deployment> {
    const { workspaceId, id: createdBy } = context.actor;
    assertNotReserved(input.variants);
    await this.servable.assert(workspaceId, input.variants);
    assertLogging(input.logging);
    const now = new Date();
    const deployment: Deployment = {
      ...input,
      id: randomUUID(),
      workspaceId,
      createdBy,
      createdAt: now,
      revision: 1,
      canaryId: null,
      restores: null,
      reason: 'created',
      revisedBy: createdBy,
      revisedAt: now,
    };
    try {
      await this.auditTrail.transaction(context, async (transaction) => {
        await this.deployments.insert(transaction.manager, deployment);
        this.revisions.conclude(transaction, 'deployment.create', deployment, { environment: input.environment });
      });
    } catch (thrown) {
      if (!isUniqueViolation(thrown, 'deployments_name_key')) throw thrown;
      throw new CodedError('ALREADY_EXISTS', `There is a deployment ${JSON.stringify(input.name)} already.`, {
        cause: thrown,
      });
    }
    return deployment;
  }

  /** @throws {CodedError} DEPLOYMENT_NOT_FOUND, INVALID_INPUT, MODEL_NOT_FOUND */
  async update(context: ActorContext, input: DeploymentUpdate): Promise<Deployment> {
    const { variants, logging, description, reason } = input;
    if (variants !== undefined) {
      assertNotReserved(variants);
      await this.servable.assert(context.actor.workspaceId, variants);
    }
    if (logging !== undefined) assertLogging(logging);
    if (variants === undefined && logging === undefined && description === undefined) {
      throw new CodedError('INVALID_INPUT', 'variants, logging, description: give at least one of them.');
    }
    return this.change(context, input.name, () => ({
      action: 'deployment.update',
      reason,
      variants,
      logging,
      description,
    }));
  }

  /**
   * Goes back to the revision before, by a new revision; a canary that runs is taken back. After a rollback "before" is
   * what came before the revision that it went back to, so that repeating it goes further back.
   * @throws {CodedError} DEPLOYMENT_NOT_FOUND; CONFLICT where there is nothing before.
   */
  async rollBack(context: ActorContext, name: string): Promise<Deployment> {
    const { workspaceId, id: revisedBy } = context.actor;
    return this.auditTrail.transaction(context, async (transaction) => {
      const live = await this.revisions.lock(transaction, workspaceId, name);
      const withdrawn = await this.canaries.withdraw(transaction, live, 'the deployment was rolled back', revisedBy);
      if (withdrawn !== null) return withdrawn;
      const earlier = await this.deployments.before(transaction.manager, live, live.restores ?? live.revision);
      if (earlier === null) throw new CodedError('CONFLICT', 'There is no revision before this one to go back to.');
      const { variants, logging, revision: restores } = earlier;
      return this.revisions.revise(transaction, live, {
        action: 'deployment.rollback',
        reason: `rolled back to revision ${restores}`,
        revisedBy,
        variants,
        logging,
        restores,
        detail: { restores },
      });
    });
  }

  /** Ends a comparison in favour of one variant, see `promoted`. @throws {CodedError} DEPLOYMENT_NOT_FOUND, NOT_FOUND, CONFLICT */
  async promote(context: ActorContext, name: string, variant: string): Promise<Deployment> {
    return this.change(context, name, ({ variants }) => ({
      action: 'deployment.promote',
      reason: `promoted ${variant}`,
      variants: promoted(variants, variant),
      detail: { promoted: variant },
    }));
  }

  /** The name is free again; what was live before can still be told. @throws {CodedError} DEPLOYMENT_NOT_FOUND */
  async delete(context: ActorContext, name: string): Promise<Deployment> {
    const { workspaceId, id: deletedBy } = context.actor;
    return this.auditTrail.transaction(context, async (transaction) => {
      const locked = await this.revisions.lock(transaction, workspaceId, name);
      const withdrawn = await this.canaries.withdraw(transaction, locked, 'the deployment was deleted', deletedBy);
      const live = withdrawn ?? locked;
      await this.deployments.delete(
        transaction.manager,
        live,
        new Date(Math.max(Date.now(), live.revisedAt.getTime())),
      );
      this.revisions.conclude(transaction, 'deployment.delete', live);
      return live;
    });
  }

  private async change(
    context: ActorContext,
    name: string,
    plan: (live: Deployment) => Omit<Revision, 'revisedBy'>,
  ): Promise<Deployment> {
    const { workspaceId, id: revisedBy } = context.actor;
    return this.auditTrail.transaction(context, async (transaction) => {
      const live = await this.revisions.lock(transaction, workspaceId, name);
      this.revisions.assertNoCanary(live);
      return this.revisions.revise(transaction, live, { ...plan(live), revisedBy });
    });
  }
}
