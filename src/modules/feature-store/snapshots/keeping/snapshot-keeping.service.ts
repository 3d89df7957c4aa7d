import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { AuditTrail, type AuditedTransaction } from '../../../audit/audit-trail.service.js';
import { ArtifactService } from '../../../registry/artifact.service.js';
import { QualityScheduleRepository } from '../../quality/quality-schedule.repository.js';
import { watermarkOf } from '../../sources/connections/connection.js';
import { dataSourceNotFound } from '../../sources/data-source-name.rules.js';
import { DataSourceRepository } from '../../sources/data-source.repository.js';
import { DataSourceService } from '../../sources/data-source.service.js';
import type { DataSourceEntity } from '../../sources/entities/data-source.entity.js';
import { SourceCursorRepository } from '../../sources/source-cursor.repository.js';
import { DataSnapshotRepository } from '../data-snapshot.repository.js';
import type { NamedSnapshot } from '../data-snapshot.service.js';
import { DataSnapshotEntity } from '../entities/data-snapshot.entity.js';
import type { Retention } from './retention.rules.js';
import { SnapshotKeepingRepository } from './snapshot-keeping.repository.js';

/** Names, restores and retains snapshots. */
@Injectable()
export class SnapshotKeepingService {
  constructor(
    private readonly sources: DataSourceService,
    private readonly sourceRows: DataSourceRepository,
    private readonly cursors: SourceCursorRepository,
    private readonly snapshots: DataSnapshotRepository,
    private readonly keeping: SnapshotKeepingRepository,
    private readonly qualitySchedule: QualityScheduleRepository,
    private readonly artifacts: ArtifactService,
    private readonly audit: AuditTrail,
  ) {}

  /** Gives a snapshot a name of its source; one that another has moves. @throws {CodedError} NOT_FOUND */
  async tag(context: ActorContext, source: string, version: number, name: string): Promise<NamedSnapshot> {
    return this.audit.transaction(context, async (transaction) => {
      const { id: sourceId } = await this.lock(context, transaction, source);
      const snapshot = await this.get(transaction, sourceId, version);
      const tag = { sourceId, name, version, taggedBy: context.actor.id, taggedAt: new Date() };
      await this.keeping.tag(transaction.manager, tag);
      leave(transaction, 'data-source.tag-snapshot', source, { version, tag: name });
      return { source, snapshot };
    });
  }

  /** @throws {CodedError} NOT_FOUND */
  async untag(context: ActorContext, source: string, name: string): Promise<void> {
    await this.audit.transaction(context, async (transaction) => {
      const { id } = await this.lock(context, transaction, source);
      if (!(await this.keeping.untag(transaction.manager, id, name))) {
        throw new CodedError('NOT_FOUND', `No snapshot of ${source} has the name ${JSON.stringify(name)}.`);
      }
      leave(transaction, 'data-source.untag-snapshot', source, { tag: name });
    });
  }

  /**
   * Makes a new version with the rows of an older one. Nothing is copied: it has the same file, and adds to what that adds to.
   * @throws {CodedError} NOT_FOUND; CONFLICT where that is the newest.
   */
  async restore(context: ActorContext, name: string, version: number): Promise<NamedSnapshot> {
    return this.audit.transaction(context, async (transaction) => {
      const { manager } = transaction;
      const source = await this.lock(context, transaction, name);
      const old = await this.get(transaction, source.id, version);
      if (old.version === source.snapshotVersion) {
        throw new CodedError('CONFLICT', `Version ${version} of ${name} is the newest already.`);
      }
      const snapshot: DataSnapshotEntity = Object.assign(new DataSnapshotEntity(), old, {
        id: randomUUID(),
        version: source.snapshotVersion + 1,
        parentVersion: old.isIncrement ? old.parentVersion : source.snapshotVersion,
        createdBy: context.actor.id,
        createdAt: new Date(),
      });
      // Retention may be deleting the old version.
      await this.artifacts.hold(context, old.artifactDigest, manager);
      await this.snapshots.insert(manager, snapshot);
      await this.sourceRows.change(manager, source, { snapshotVersion: snapshot.version });
      // The rows between the two versions lie below the watermark, and would be missed. The next read is whole instead.
      if (watermarkOf(source.connection) !== null) await this.cursors.forget(manager, source.id);
      await this.qualitySchedule.makeDue(manager, source);
      leave(transaction, 'data-source.restore-snapshot', name, { version: snapshot.version, restored: version });
      return { source: name, snapshot };
    });
  }

  /** @throws {CodedError} NOT_FOUND */
  async retention(context: ActorContext, source: string): Promise<Retention> {
    const { id } = await this.sources.get(context, source);
    return (await this.keeping.retentionOf(id)) ?? { keepVersions: null, keepDays: null };
  }

  /** @throws {CodedError} NOT_FOUND */
  async retain(context: ActorContext, source: string, retention: Retention): Promise<Retention> {
    const { keepVersions, keepDays } = retention;
    await this.audit.transaction(context, async (transaction) => {
      const { id: sourceId, workspaceId } = await this.lock(context, transaction, source);
      await this.keeping.retain(transaction.manager, { sourceId, workspaceId, keepVersions, keepDays });
      leave(transaction, 'data-source.retain-snapshots', source, { keepVersions, keepDays });
    });
    return retention;
  }

  private async lock(
    { actor }: ActorContext,
    { manager }: AuditedTransaction,
    name: string,
  ): Promise<DataSourceEntity> {
    const source = await this.sourceRows.lock(manager, actor.workspaceId, name);
    if (source === null) throw dataSourceNotFound(name);
    return source;
  }

  private async get({ manager }: AuditedTransaction, sourceId: string, version: number): Promise<DataSnapshotEntity> {
    const snapshot = await this.snapshots.find(sourceId, version, manager);
    if (snapshot === null) throw new CodedError('NOT_FOUND', `The data source has no snapshot ${version}.`);
    return snapshot;
  }
}

function leave(
  transaction: AuditedTransaction,
  action: string,
  source: string,
  detail: Readonly<Record<string, string | number | null>>,
): void {
  transaction.audit({ action, resourceType: 'data-source', resourceId: source, detail });
}
