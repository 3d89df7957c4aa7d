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
import { DataSourceRepository } from '../sources/data-source.repository.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { CollectionIntake } from './collection-intake.js';

/** Sources of one round; the others are the next one's. */
const MAX_BEGUN = 100;

/**
 * Begins the collections of sources whose time has come, in one worker at a time. Times that were missed, because nothing ran
 * or an earlier collection took long, are made up once.
 */
@Injectable()
export class CollectionSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly sources: DataSourceRepository,
    private readonly intake: CollectionIntake,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_DATA_SCHEDULE_MS,
      () => whileAlone(dataSource, 'dataCollectionSchedule', () => this.beginDue()),
      (err) => logger.warn({ err }, 'collections that are due could not be begun'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async beginDue(): Promise<void> {
    for (const source of await this.sources.due(MAX_BEGUN)) {
      try {
        await this.begin(source);
      } catch (err) {
        this.logger.warn({ err, sourceId: source.id }, 'the collection of a data source could not be begun');
      }
    }
  }

  private async begin({ id, workspaceId, name }: DataSourceEntity): Promise<void> {
    const context = contextOf(workspaceId);
    await this.audit.transaction(context, async (transaction) => {
      const source = await this.sources.lock(transaction.manager, workspaceId, name);
      const interval = source?.id === id ? source.refreshIntervalSeconds : null;
      if (source === null || interval === null) throw new Error('The data source was changed at this moment.');
      await this.sources.change(transaction.manager, source, {
        nextCollectionAt: new Date(Date.now() + interval * 1_000),
      });
      await this.intake.take(context, transaction, source, null);
    });
  }
}

/** Nestor itself. */
const contextOf = (workspaceId: string): ActorContext => ({
  requestId: 'schedule',
  address: null,
  actor: { kind: 'SYSTEM', id: 'schedule', name: 'schedule', workspaceId, role: 'SERVICE', permissions: new Set() },
});
