import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import type { AuditDetail } from '../../audit/audit-event.js';
import { type AuditedTransaction, AuditTrail } from '../../audit/audit-trail.service.js';
import { ExecutorView } from '../client/executor-view.js';
import { assertAllowed, assertPossible, within } from './autoscaling/autoscaling-bounds.rules.js';
import type { AutoscalingPolicy } from './autoscaling/autoscaling.rules.js';
import type { ExecutorPoolEntity } from './executor-pool.entity.js';
import { ExecutorPoolRepository } from './executor-pool.repository.js';
import { type PoolStatus, poolStatuses } from './pool-health.rules.js';
import type { PoolReport } from './pool-report.js';
import { assertEnvironment, assertFits, changedResources, type PoolResourcesChange } from './pool-resources.rules.js';

/** The pools of executors: how they stand, and how they are to be. */
@Injectable()
export class ExecutorPoolsService {
  constructor(
    private readonly pools: ExecutorPoolRepository,
    private readonly view: ExecutorView,
    private readonly audit: AuditTrail,
    private readonly notifications: Notifications,
  ) {}

  async list(): Promise<PoolReport[]> {
    const wanted = await this.pools.all();
    const rows = new Map(wanted.map((pool) => [pool.name, pool]));
    return this.statuses(wanted).map((status) => reportOf(status, rows.get(status.name)));
  }

  /**
   * Says how many executors a pool is to have. Its workers start what is missing; what is too many finishes what it has.
   * @throws {CodedError} INVALID_INPUT for a pool that no worker has, and for a number that its policy does not allow.
   */
  async scale(context: ActorContext, name: string, replicas: number): Promise<PoolReport> {
    return this.change(context, name, async (transaction, before) => {
      assertAllowed(before.scaling?.autoscaling, replicas);
      await this.pools.change(transaction.manager, name, { replicas });
      const from = before.status.replicas;
      this.leaveEvent(transaction, 'executor-pool.scale', name, { from, to: replicas });
    });
  }

  /**
   * Says what each executor of a pool is given. Its workers replace their executors one by one.
   * @throws {CodedError} INVALID_INPUT for a pool that no worker has, for more than a machine has, and for a variable of
   *   the environment that is not allowed.
   */
  async configure(context: ActorContext, name: string, change: PoolResourcesChange): Promise<PoolReport> {
    assertEnvironment(change.environment ?? {});
    return this.change(context, name, async (transaction, { status, resources: from }) => {
      const resources = changedResources(from, change);
      assertFits(resources, status.hosts);
      await this.pools.change(transaction.manager, name, { resources });
      this.leaveEvent(transaction, 'executor-pool.configure', name, {
        from: JSON.stringify(from),
        to: JSON.stringify(resources),
      });
    });
  }

  /**
   * Has a pool scale itself by a policy from now on; by none, it stays as large as it is.
   * @throws {CodedError} INVALID_INPUT for a pool that no worker has, for bounds that contradict each other, and for more
   *   executors than its machines have room for.
   */
  async autoscale(context: ActorContext, name: string, policy: AutoscalingPolicy | null): Promise<PoolReport> {
    return this.change(context, name, async (transaction, { status }) => {
      if (policy !== null) assertPossible(policy, status.hosts);
      const replicas = policy === null ? status.replicas : within(policy, status.replicas);
      const { workspaceId } = context.actor;
      await this.pools.change(transaction.manager, name, {
        replicas,
        autoscaling: policy === null ? null : { ...policy, workspaceId },
        calmSince: null,
        scaledAt: null,
        scaleReason: null,
        heldBack: null,
      });
      this.leaveEvent(transaction, 'executor-pool.set-autoscaling', name, { replicas, ...policy });
    });
  }

  /** Changes a pool that a worker hosts; tells its workers as soon as that is committed. */
  private async change(
    context: ActorContext,
    name: string,
    work: (transaction: AuditedTransaction, before: PoolReport) => Promise<void>,
  ): Promise<PoolReport> {
    return this.audit.transaction(context, async (transaction) => {
      const row = await this.pools.findForUpdate(transaction.manager, name);
      await work(transaction, reportOf(this.hosted(name, row), row));
      transaction.afterCommit(() => this.notifications.publish(channels.executorPoolChanged, name));
      const changed = await this.pools.findForUpdate(transaction.manager, name);
      return reportOf(this.hosted(name, changed), changed);
    });
  }

  private leaveEvent(transaction: AuditedTransaction, action: string, name: string, detail: AuditDetail): void {
    transaction.audit({ action, resourceType: 'executor-pool', resourceId: name, detail });
  }

  private hosted(name: string, row: ExecutorPoolEntity | null): PoolStatus {
    const statuses = this.statuses(row === null ? [] : [row]);
    const found = statuses.find((status) => status.name === name);
    if (found !== undefined) return found;
    const known = statuses.map((status) => status.name).join(', ');
    const message = `pool: no worker hosts the pool ${JSON.stringify(name)}; there is ${known}.`;
    throw new CodedError('INVALID_INPUT', message);
  }

  private statuses(wanted: readonly ExecutorPoolEntity[]): PoolStatus[] {
    return poolStatuses(this.view.hosts(), new Map(wanted.map(({ name, replicas }) => [name, replicas])));
  }
}

function reportOf(status: PoolStatus, row: ExecutorPoolEntity | null | undefined): PoolReport {
  const scaling = row?.autoscaling == null ? null : row;
  return { status, resources: row?.resources ?? {}, scaling };
}
