import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { ActorContext } from '../../../../common/access/actor.js';
import { PeriodicTask } from '../../../../common/concurrency/periodic-task.js';
import { whileAlone } from '../../../../common/database/while-alone.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { channels, Notifications } from '../../../../common/notifications/notifications.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { AuditTrail } from '../../../audit/audit-trail.service.js';
import { ExecutorView } from '../../client/executor-view.js';
import type { ExecutorPoolEntity } from '../executor-pool.entity.js';
import { ExecutorPoolRepository } from '../executor-pool.repository.js';
import { poolStatuses } from '../pool-health.rules.js';
import { decide, type ScalingDecision } from './autoscaling.rules.js';
import { PoolLoadRepository } from './pool-load.repository.js';

/** How often it is decided how large pools are to be, in milliseconds. */
const DECIDE_EVERY_MS = 2_000;

/** A pool with a policy. */
type AutoscaledPool = ExecutorPoolEntity & { readonly autoscaling: NonNullable<ExecutorPoolEntity['autoscaling']> };

/** Scales pools by their policies. Every worker has one; only one at a time decides. */
@Injectable()
export class Autoscaler implements OnApplicationBootstrap {
  private readonly task: PeriodicTask;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly pools: ExecutorPoolRepository,
    private readonly loads: PoolLoadRepository,
    private readonly view: ExecutorView,
    private readonly audit: AuditTrail,
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      DECIDE_EVERY_MS,
      () => whileAlone(dataSource, 'autoscaling', () => this.lookAtAll()),
      (err) => logger.warn({ err }, 'executor pools could not be scaled'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    await this.task.stop();
  }

  private async lookAtAll(): Promise<void> {
    const pools = (await this.pools.all()).filter(isAutoscaled);
    if (pools.length > 0) await this.loads.deleteOld();
    for (const pool of pools) await this.lookAfter(pool);
  }

  /** What is wrong with one does not keep the others from being looked after. */
  private async lookAfter(pool: AutoscaledPool): Promise<void> {
    try {
      await this.scale(pool);
    } catch (err) {
      this.logger.warn({ err, pool: pool.name }, 'an executor pool could not be scaled');
    }
  }

  private async scale(pool: AutoscaledPool): Promise<void> {
    const { name, autoscaling } = pool;
    const status = poolStatuses(this.view.hosts(), new Map([[name, pool.replicas]])).find((one) => one.name === name);
    // Nobody is there to host more, nor is there anything to give up.
    if (status === undefined || status.hosts.length === 0) return;
    const { replicas, ready, hosts } = status;
    const room = hosts.reduce((sum, host) => sum + host.room, 0);
    const [calmSince, scaledAt] = [pool.calmSince?.getTime() ?? null, pool.scaledAt?.getTime() ?? null];
    const state = { replicas, ready, room, calmSince, scaledAt };
    const decision = decide(autoscaling, state, await this.loads.of(name), Date.now());
    if (decision.reason !== null) await this.carryOut(pool, replicas, decision, decision.reason);
    else if (decision.calmSince !== calmSince || isNews(decision.heldBack, pool.heldBack))
      await this.note(pool, decision);
  }

  private async carryOut(
    { name, autoscaling }: AutoscaledPool,
    from: number,
    { replicas, calmSince, heldBack }: ScalingDecision,
    reason: string,
  ): Promise<void> {
    await this.audit.transaction(contextOf(autoscaling.workspaceId), async (transaction) => {
      const now = await this.pools.findForUpdate(transaction.manager, name);
      if (now === null || now.autoscaling === null || (now.replicas ?? from) !== from) {
        throw new CodedError('CONFLICT', 'Somebody else has changed the pool meanwhile.');
      }
      const change = { replicas, calmSince: dateOf(calmSince), scaledAt: new Date(), scaleReason: reason, heldBack };
      await this.pools.change(transaction.manager, name, change);
      transaction.audit({
        action: 'executor-pool.autoscale',
        resourceType: 'executor-pool',
        resourceId: name,
        detail: { from, to: replicas, reason },
      });
      transaction.afterCommit(() => this.notifications.publish(channels.executorPoolChanged, name));
    });
    this.logger.info({ pool: name, from, to: replicas, reason, heldBack }, 'an executor pool was scaled');
  }

  /** Keeps what was seen, so that whoever decides next goes on from there. */
  private async note(
    { name, heldBack: known }: AutoscaledPool,
    { calmSince, heldBack }: ScalingDecision,
  ): Promise<void> {
    if (heldBack !== null && known === null) this.logger.warn({ pool: name, heldBack }, 'an executor pool cannot grow');
    await this.pools.change(this.dataSource.manager, name, { calmSince: dateOf(calmSince), heldBack });
  }
}

const isAutoscaled = (pool: ExecutorPoolEntity): pool is AutoscaledPool => pool.autoscaling !== null;
const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time));
/** The milliseconds in the text change all the time; whether it is held back does not. */
const isNews = (heldBack: string | null, known: string | null): boolean => (heldBack === null) !== (known === null);

/** Nestor itself, for the workspace that set the policy. */
const contextOf = (workspaceId: string): ActorContext => ({
  requestId: `autoscaler-${randomUUID()}`,
  address: null,
  actor: { kind: 'SYSTEM', id: 'autoscaler', name: 'autoscaler', workspaceId, role: 'SERVICE', permissions: new Set() },
});
