import { Injectable } from '@nestjs/common';
import type { AuditedTransaction } from '../../audit/audited-transaction.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { DeploymentRevisions, type Revision } from '../deployment-revisions.js';
import type { Deployment } from '../deployment.js';
import { type CanaryEvent, statusAfter } from './canary-state.rules.js';
import { CanaryRepository } from './canary.repository.js';
import { variantsAfterCanary, variantsWithCanary } from './canary.rules.js';
import type { Canary } from './canary.js';

/** Audit events of what happens to canaries. */
const actions: Readonly<Record<CanaryEvent, string>> = {
  ADVANCE: 'canary.advance',
  COMPLETE: 'canary.complete',
  ROLL_BACK: 'canary.roll-back',
  CANCEL: 'canary.cancel',
};

/** Moves canaries: each event changes the canary and makes a revision of its deployment, or neither. */
@Injectable()
export class CanaryProgress {
  constructor(
    private readonly deployments: DeploymentRepository,
    private readonly revisions: DeploymentRevisions,
    private readonly canaries: CanaryRepository,
  ) {}

  /** Begins a canary in a deployment that this transaction has locked. @throws {CodedError} CONFLICT */
  async start(transaction: AuditedTransaction, live: Deployment, canary: Canary): Promise<Deployment> {
    const [percent = 100] = canary.steps;
    const variants = variantsWithCanary(live.variants, canary, percent);
    await this.canaries.insert(transaction.manager, canary);
    return this.revisions.revise(transaction, live, {
      action: 'canary.start',
      reason: canary.reason,
      revisedBy: canary.startedBy,
      variants,
      canaryId: canary.id,
      detail: { canary: canary.id, percent },
    });
  }

  /**
   * Lets an event happen to the canary that runs in a deployment which this transaction has locked.
   * @returns the deployment after it; null where the canary has moved on meanwhile.
   */
  async apply(
    transaction: AuditedTransaction,
    live: Deployment,
    seen: Pick<Canary, 'id' | 'step'>,
    { event, reason, revisedBy }: { readonly event: CanaryEvent; readonly reason: string; readonly revisedBy: string },
  ): Promise<Deployment | null> {
    const { manager } = transaction;
    const canary = live.canaryId === seen.id ? await this.canaries.find(manager, live.workspaceId, seen.id) : null;
    const status = canary === null ? undefined : statusAfter(canary.status, event);
    if (canary === null || status === undefined || canary.step !== seen.step) return null;
    const now = new Date();
    const next: Canary =
      status === 'RUNNING'
        ? { ...canary, step: canary.step + 1, reason, stepStartedAt: now }
        : { ...canary, status, reason, endedAt: now };
    await this.canaries.update(manager, next);
    return this.revisions.revise(transaction, live, {
      ...(await this.plan(transaction, live, next, event)),
      action: actions[event],
      reason,
      revisedBy,
      canaryId: status === 'RUNNING' ? canary.id : null,
      detail: { canary: canary.id, percent: next.steps[next.step] ?? 100, reason },
    });
  }

  /** Takes back the canary of a deployment that this transaction has locked. @returns null where none runs. */
  async withdraw(
    transaction: AuditedTransaction,
    live: Deployment,
    reason: string,
    revisedBy: string,
  ): Promise<Deployment | null> {
    const canary =
      live.canaryId === null ? null : await this.canaries.find(transaction.manager, live.workspaceId, live.canaryId);
    return canary === null ? null : this.apply(transaction, live, canary, { event: 'CANCEL', reason, revisedBy });
  }

  private async plan(
    { manager }: AuditedTransaction,
    live: Deployment,
    canary: Canary,
    event: CanaryEvent,
  ): Promise<Pick<Revision, 'variants' | 'restores'>> {
    if (event === 'ADVANCE') {
      return { variants: variantsWithCanary(live.variants, canary, canary.steps[canary.step] ?? 100) };
    }
    if (event === 'COMPLETE') return { variants: variantsAfterCanary(live.variants, canary) };
    const before = await this.deployments.before(manager, live, live.revision);
    if (before === null) throw new TypeError('A canary runs in a deployment that was nothing before.');
    return { variants: before.variants, restores: before.revision };
  }
}
