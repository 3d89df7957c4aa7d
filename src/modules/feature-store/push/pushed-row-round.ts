import { Readable } from 'node:stream';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { ActorContext } from '../../../common/access/actor.js';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { whileAlone } from '../../../common/database/while-alone.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { ArtifactService } from '../../registry/artifact.service.js';
import { CollectionIntake } from '../ingestion/collection-intake.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import { PushedRowRepository, type WaitingSource } from './pushed-row.repository.js';

/** Most rows of one collection. */
const GATHERED_TOGETHER = 50_000;

/**
 * Gathers rows that were pushed to sources, and has them collected as any other batch: checked, and added to what the source
 * has. Rows belong to a collection from when it is recorded; one that fails gives them back. So none is lost or comes twice.
 */
@Injectable()
export class PushedRowRound implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly rows: PushedRowRepository,
    private readonly sources: DataSourceRepository,
    private readonly artifacts: ArtifactService,
    private readonly intake: CollectionIntake,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_PUSH_ROUND_MS,
      () => whileAlone(dataSource, 'pushedRows', () => this.gatherAll()),
      (err) => logger.warn({ err }, 'pushed rows could not be gathered'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async gatherAll(): Promise<void> {
    await this.rows.settle();
    await this.rows.forget(this.settings.NESTOR_PUSH_KNOWN_DAYS);
    for (const waiting of await this.rows.waitingSources()) await this.gather(waiting);
  }

  private async gather({ workspaceId, sourceId }: WaitingSource): Promise<void> {
    const context = contextOf(workspaceId);
    const source = await this.sources.findById(workspaceId, sourceId);
    if (source === null) throw new Error(`The source ${sourceId} of pushed rows is not there.`);
    const taken: string[] = [];
    const lines = this.rows.lines(sourceId, GATHERED_TOGETHER, taken);
    const { digest } = await this.artifacts.upload(context, Readable.from(lines));
    await this.audit.transaction(context, async (transaction) => {
      const collectionId = await this.intake.take(context, transaction, source, digest, { isPushed: true });
      await this.rows.assign(transaction.manager, taken, collectionId);
    });
  }
}

/** Nestor itself. */
const contextOf = (workspaceId: string): ActorContext => ({
  requestId: 'pushed-rows',
  address: null,
  actor: { kind: 'SYSTEM', id: 'pushes', name: 'pushes', workspaceId, role: 'SERVICE', permissions: new Set() },
});
