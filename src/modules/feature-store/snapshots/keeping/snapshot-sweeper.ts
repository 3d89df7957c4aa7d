import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { ActorContext } from '../../../../common/access/actor.js';
import { PeriodicTask } from '../../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { whileAlone } from '../../../../common/database/while-alone.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { AuditTrail } from '../../../audit/audit-trail.service.js';
import { DataSourceRepository } from '../../sources/data-source.repository.js';
import type { DataRetentionEntity } from './entities/data-retention.entity.js';
import { expiredVersions } from './retention.rules.js';
import { SnapshotKeepingRepository } from './snapshot-keeping.repository.js';

/** Versions of one source that are deleted at once; the next round goes on. */
const DELETED_AT_ONCE = 1_000;

/** Deletes snapshots that need not be kept any more. */
@Injectable()
export class SnapshotSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly sources: DataSourceRepository,
    private readonly keeping: SnapshotKeepingRepository,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_DATA_RETENTION_MS,
      () => whileAlone(dataSource, 'dataSnapshotSweep', () => this.sweepAll()),
      (err) => logger.warn({ err }, 'old snapshots could not be looked for'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way, while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async sweepAll(): Promise<void> {
    for (const retention of await this.keeping.limited()) {
      try {
        await this.sweep(retention);
      } catch (err) {
        // Such as a snapshot that is used since it was looked at: the database keeps it, and the next round looks again.
        this.logger.warn({ err, sourceId: retention.sourceId }, 'old snapshots of a data source could not be deleted');
      }
    }
  }

  private async sweep(retention: DataRetentionEntity): Promise<void> {
    const { sourceId, workspaceId } = retention;
    const expired = expiredVersions(await this.keeping.aging(sourceId), retention, Date.now());
    const versions = expired.slice(-DELETED_AT_ONCE);
    const source = await this.sources.findById(workspaceId, sourceId);
    if (versions.length === 0 || source === null) return;
    await this.audit.transaction(contextOf(retention), async (transaction) => {
      await this.keeping.delete(transaction.manager, sourceId, versions);
      transaction.audit({
        action: 'data-source.expire-snapshots',
        resourceType: 'data-source',
        resourceId: source.name,
        detail: { snapshots: versions.length, oldest: versions.at(-1) ?? null, newest: versions[0] ?? null },
      });
    });
  }
}

/** Nestor itself. */
const contextOf = ({ workspaceId, sourceId }: DataRetentionEntity): ActorContext => ({
  requestId: `retention-${sourceId}`,
  address: null,
  actor: { kind: 'SYSTEM', id: 'retention', name: 'retention', workspaceId, role: 'SERVICE', permissions: new Set() },
});
