import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { ExecutorView } from '../client/executor-view.js';
import { ExecutorPoolRepository } from './executor-pool.repository.js';
import { type PoolStatus, poolStatuses } from './pool-health.rules.js';

/** The pools of executors: how they stand, and how large they are to be. */
@Injectable()
export class ExecutorPoolsService {
  constructor(
    private readonly pools: ExecutorPoolRepository,
    private readonly view: ExecutorView,
    private readonly audit: AuditTrail,
    private readonly notifications: Notifications,
  ) {}

  async list(): Promise<PoolStatus[]> {
    const wanted = await this.pools.all();
    return poolStatuses(this.view.hosts(), new Map(wanted.map(({ name, replicas }) => [name, replicas])));
  }

  /**
   * Says how many executors a pool is to have. Its workers start what is missing; what is too many finishes what it has.
   * @throws {CodedError} INVALID_INPUT for a pool that no worker has.
   */
  async scale(context: ActorContext, name: string, replicas: number): Promise<PoolStatus> {
    const pools = await this.list();
    const before = pools.find((pool) => pool.name === name);
    if (before === undefined) {
      const known = pools.map((pool) => pool.name).join(', ');
      throw new CodedError(
        'INVALID_INPUT',
        `pool: no worker hosts the pool ${JSON.stringify(name)}; there is ${known}.`,
      );
    }
    await this.audit.transaction(context, async (transaction) => {
      await this.pools.set(transaction.manager, { name, replicas, updatedAt: new Date() });
      transaction.audit({
        action: 'executor-pool.scale',
        resourceType: 'executor-pool',
        resourceId: name,
        detail: { from: before.replicas, to: replicas },
      });
      transaction.afterCommit(() => this.notifications.publish(channels.executorPoolChanged, name));
    });
    const [status = { ...before, replicas }] = poolStatuses(this.view.hosts(), new Map([[name, replicas]])).filter(
      (pool) => pool.name === name,
    );
    return status;
  }
}
