import { Injectable } from '@nestjs/common';
import { CodedError } from '../../common/errors/coded-error.js';
import type { AuditDetail } from '../audit/audit-event.js';
import type { AuditedTransaction } from '../audit/audited-transaction.js';
import type { Deployment } from './deployment.js';
import { DeploymentRepository } from './deployment.repository.js';
import { DeploymentSnapshot, unknownDeployment } from './routing/deployment-snapshot.js';
import type { LoggingPolicy, Variant } from './variant.js';

/** What changes; what is left out stays as it is. */
export interface Revision {
  /** Name of the audit event, such as `deployment.update`. */
  readonly action: string;
  readonly reason: string;
  /** Id of the user or API key, or what of Nestor itself did it. */
  readonly revisedBy: string;
  readonly variants?: readonly Variant[] | undefined;
  readonly logging?: LoggingPolicy | undefined;
  readonly description?: string | undefined;
  readonly canaryId?: string | null | undefined;
  readonly restores?: number | undefined;
  readonly detail?: AuditDetail | undefined;
}

/** Makes revisions: the row, its audit event and the announcement belong together, whoever asks for one. */
@Injectable()
export class DeploymentRevisions {
  constructor(
    private readonly deployments: DeploymentRepository,
    private readonly snapshot: DeploymentSnapshot,
  ) {}

  /** Locks a deployment for a change. @throws {CodedError} DEPLOYMENT_NOT_FOUND */
  async lock({ manager }: AuditedTransaction, workspaceId: string, name: string): Promise<Deployment> {
    const live = await this.deployments.lock(manager, workspaceId, name);
    if (live === null) throw unknownDeployment(name);
    return live;
  }

  /** @throws {CodedError} CONFLICT while a canary runs, which changes the deployment by itself. */
  assertNoCanary({ canaryId }: Deployment): void {
    if (canaryId === null) return;
    throw new CodedError('CONFLICT', 'A canary runs in this deployment. Wait until it has ended, or cancel it.');
  }

  /** Makes the next revision of a deployment that this transaction has locked. */
  async revise(transaction: AuditedTransaction, live: Deployment, revision: Revision): Promise<Deployment> {
    const next: Deployment = {
      ...live,
      revision: live.revision + 1,
      variants: revision.variants ?? live.variants,
      logging: revision.logging ?? live.logging,
      description: revision.description ?? live.description,
      canaryId: revision.canaryId === undefined ? live.canaryId : revision.canaryId,
      restores: revision.restores ?? null,
      reason: revision.reason,
      revisedBy: revision.revisedBy,
      // Clocks of several machines differ, but revisions follow each other.
      revisedAt: new Date(Math.max(Date.now(), live.revisedAt.getTime())),
    };
    await this.deployments.advance(transaction.manager, next);
    this.conclude(transaction, revision.action, next, revision.detail);
    return next;
  }

  /** Leaves the audit event of a change and announces it once it is committed. */
  conclude(transaction: AuditedTransaction, action: string, deployment: Deployment, detail: AuditDetail = {}): void {
    const { name, workspaceId, revision, variants } = deployment;
    transaction.audit({
      action,
      resourceType: 'deployment',
      resourceId: name,
      detail: { revision, variants: variants.map(described).join(', '), ...detail },
    });
    transaction.afterCommit(() => this.snapshot.changed(workspaceId));
  }
}

const described = ({ name, role, model, version, weight }: Variant): string =>
  `${name}=${role} ${model}/${version} ${weight}`;
