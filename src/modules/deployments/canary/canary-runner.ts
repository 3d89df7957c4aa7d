import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { ActorContext } from '../../../common/access/actor.js';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { whileAlone } from '../../../common/database/while-alone.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { VariantResultsRepository } from '../comparison/variant-results.repository.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { DeploymentRevisions } from '../deployment-revisions.js';
import { CANARY_NAME } from '../variant.js';
import { championOf } from '../variants.rules.js';
import { CanaryProgress } from './canary-progress.js';
import { CanaryRepository } from './canary.repository.js';
import { judge, type Verdict } from './canary.rules.js';
import type { Canary } from './canary.js';

/** A long step has much to be counted, and is in no hurry: each is judged so often while it bakes. */
const JUDGEMENTS_PER_STEP = 60;

/** Looks at each running canary again and again, and moves it on or back by what the log says of it. */
@Injectable()
export class CanaryRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;
  /** When each running canary was judged last, by id; milliseconds. */
  private judgedAt: ReadonlyMap<string, number> = new Map();

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly canaries: CanaryRepository,
    private readonly deployments: DeploymentRepository,
    private readonly revisions: DeploymentRevisions,
    private readonly progress: CanaryProgress,
    private readonly results: VariantResultsRepository,
    private readonly auditTrail: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_CANARY_CHECK_MS,
      () => whileAlone(dataSource, 'canaries', () => this.lookAtAll()),
      (err) => logger.warn({ err }, 'canaries could not be looked after'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way, while all that it writes to is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Never fails: what could not be done now is done at the next look. */
  async look(): Promise<void> {
    await this.task.run();
  }

  private async lookAtAll(): Promise<void> {
    const running = await this.canaries.running();
    const due = running.filter((canary) => this.isDue(canary));
    const judged = new Map(running.map(({ id }) => [id, this.judgedAt.get(id) ?? 0]));
    for (const { id } of due) judged.set(id, Date.now());
    this.judgedAt = judged;
    for (const canary of due) await this.lookAfter(canary);
  }

  private isDue({ id, bakeSeconds }: Canary): boolean {
    return Date.now() - (this.judgedAt.get(id) ?? 0) >= (bakeSeconds * 1_000) / JUDGEMENTS_PER_STEP;
  }

  /** What is wrong with one does not keep the others from being looked after. */
  private async lookAfter(canary: Canary): Promise<void> {
    const { id, deployment } = canary;
    try {
      const verdict = await this.judge(canary);
      if (verdict === null) return;
      await this.carryOut(canary, verdict);
      this.logger.info({ canary: id, deployment, ...verdict }, 'a canary was moved');
    } catch (err) {
      if (err instanceof CodedError && err.code === 'DEPLOYMENT_NOT_FOUND') return;
      this.logger.error({ err, canary: id, deployment }, 'a canary could not be looked after');
    }
  }

  private async judge(canary: Canary): Promise<Verdict | null> {
    const { workspaceId, deploymentId, startedAt, stepStartedAt } = canary;
    const live = await this.deployments.find(workspaceId, canary.deployment);
    const variant = live?.variants.find(({ name }) => name === CANARY_NAME);
    if (live === null || variant === undefined) return null;
    const [ofStep, ofAll] = [
      await this.results.of(workspaceId, deploymentId, stepStartedAt),
      await this.results.of(workspaceId, deploymentId, startedAt),
    ];
    return judge(canary, ofStep(variant), ofAll(championOf(live.variants)), new Date());
  }

  private async carryOut(canary: Canary, verdict: Verdict): Promise<void> {
    const { workspaceId, deployment } = canary;
    const context = contextOf(canary);
    await this.auditTrail.transaction(context, async (transaction) => {
      const live = await this.revisions.lock(transaction, workspaceId, deployment);
      const moved = await this.progress.apply(transaction, live, canary, { ...verdict, revisedBy: context.actor.id });
      if (moved === null) throw new CodedError('CONFLICT', 'The canary was moved by somebody else meanwhile.');
    });
  }
}

/** Nestor itself. */
const contextOf = ({ id, workspaceId }: Canary): ActorContext => ({
  requestId: `canary-${id}`,
  address: null,
  actor: { kind: 'SYSTEM', id: 'canary', name: 'canary', workspaceId, role: 'SERVICE', permissions: new Set() },
});
