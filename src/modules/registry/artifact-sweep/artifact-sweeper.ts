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
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import type { Digest } from '../../../common/storage/digest.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { ArtifactSweepMetrics } from './artifact-sweep-metrics.js';
import { ArtifactSweepRepository } from './artifact-sweep.repository.js';

/** How often unused artifacts are looked for, in milliseconds. */
const SWEEP_MS = 3_600_000;
/** Artifacts, and files, of one sweep; the next one goes on. */
const LIMIT = 1_000;

/**
 * Deletes artifacts that nothing refers to: first what workspaces know of them, then files that no workspace has. So an
 * artifact has its file whenever this ends, and a file that is left over is known to the next sweep.
 */
@Injectable()
export class ArtifactSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly days: number;
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly repository: ArtifactSweepRepository,
    private readonly store: ArtifactStore,
    private readonly audit: AuditTrail,
    private readonly metrics: ArtifactSweepMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.days = settings.NESTOR_ARTIFACT_RETENTION_DAYS;
    this.task = new PeriodicTask(
      SWEEP_MS,
      () => whileAlone(dataSource, 'artifactSweep', () => this.deleteUnused()),
      (err) => logger.warn({ err }, 'unused artifacts could not be deleted'),
    );
  }

  onApplicationBootstrap(): void {
    if (this.days > 0) this.task.start();
  }

  /** Ends after what is under way, while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Never fails: what could not be done now is done by the next sweep. */
  async sweep(): Promise<void> {
    if (this.days > 0) await this.task.run();
  }

  private async deleteUnused(): Promise<void> {
    const before = await this.repository.daysAgo(this.days);
    for (const { workspaceId, digests } of await this.repository.unused(before, LIMIT)) {
      try {
        await this.expire(workspaceId, digests, before);
      } catch (err) {
        this.logger.warn({ err, workspaceId }, 'unused artifacts of a workspace could not be deleted');
      }
    }
    for (const digest of await this.repository.unusedFiles(before, LIMIT)) {
      try {
        await this.repository.forgetFile(digest, before, () => this.remove(digest));
      } catch (err) {
        this.logger.warn({ err, digest }, 'an unused file could not be deleted from the artifact store');
      }
    }
  }

  private async expire(workspaceId: string, digests: readonly Digest[], before: Date): Promise<void> {
    const expired = await this.audit.transaction(contextOf(workspaceId), async ({ manager, audit }) => {
      const forgotten = await this.repository.forget(manager, workspaceId, digests, before);
      if (forgotten.length === 0) throw new CodedError('CONFLICT', 'All of them are used by now.');
      for (const { digest, sizeBytes } of forgotten) {
        audit({ action: 'artifact.expire', resourceType: 'artifact', resourceId: digest, detail: { sizeBytes } });
      }
      return forgotten.length;
    });
    this.metrics.expired(expired);
    this.logger.info({ workspaceId, artifacts: expired }, 'deleted artifacts that nothing refers to');
  }

  private async remove(digest: Digest): Promise<void> {
    const stored = await this.store.stat(digest);
    await this.store.delete(digest);
    if (stored === null) return;
    this.metrics.deleted(stored.sizeBytes);
    this.logger.info({ digest, sizeBytes: stored.sizeBytes }, 'deleted a file that is an artifact of no workspace');
  }
}

/** Nestor itself. */
const contextOf = (workspaceId: string): ActorContext => ({
  requestId: `artifact-sweep-${workspaceId}`,
  address: null,
  actor: {
    kind: 'SYSTEM',
    id: 'artifact-sweep',
    name: 'artifact-sweep',
    workspaceId,
    role: 'SERVICE',
    permissions: new Set(),
  },
});
