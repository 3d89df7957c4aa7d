import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { ActorContext } from '../../../common/access/actor.js';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { Places } from '../../../common/concurrency/places.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { StreamConnector } from '../connectors/streams/stream-connector.js';
import { connectionOfKind } from '../sources/connections/connection.js';
import type { StreamConnection } from '../sources/connections/stream-connection.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { SourceCursorRepository } from '../sources/source-cursor.repository.js';
import { CollectionIntake } from './collection-intake.js';
import { DataCollectionRepository } from './data-collection.repository.js';

/** Streams that are asked at a time. */
const ASKED_AT_ONCE = 8;

/** After a collection failed or was refused, the next one waits so long, in milliseconds. */
const REST_MS = 60_000;

/**
 * Begins a collection of each stream that has something new, when its interval is over or the last batch was full. Every worker looks; the row of the
 * source decides which one begins, and the lease of the collection which one reads.
 */
@Injectable()
export class StreamRound implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;
  private readonly places = new Places(ASKED_AT_ONCE);
  /** When each stream is looked at again, in milliseconds since the epoch. */
  private readonly dueAt = new Map<string, number>();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sources: DataSourceRepository,
    private readonly cursors: SourceCursorRepository,
    private readonly streams: StreamConnector,
    private readonly collections: DataCollectionRepository,
    private readonly intake: CollectionIntake,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_DATA_STREAM_ROUND_MS,
      () => this.lookAtAll(),
      (err) => logger.warn({ err }, 'streams could not be looked at'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async lookAtAll(): Promise<void> {
    const now = Date.now();
    for (const [id, dueAt] of this.dueAt) if (dueAt <= now) this.dueAt.delete(id);
    const idle = await this.sources.idleStreams(REST_MS, this.settings.NESTOR_DATA_STREAM_BATCH_ROWS);
    await Promise.all(
      idle
        .filter(({ source, hadFullBatch }) => hadFullBatch || !this.dueAt.has(source.id))
        .map(({ source }) => this.places.run(() => this.lookAt(source))),
    );
  }

  private async lookAt(source: DataSourceEntity): Promise<void> {
    const connection = connectionOfKind(source.connection, 'STREAM');
    if (connection === null) return;
    this.dueAt.set(source.id, Date.now() + connection.intervalSeconds * 1_000);
    if (await this.hasMore(source, connection)) await this.begin(source);
  }

  /** Where it cannot be told, a collection is to tell its owner why. */
  private async hasMore(source: DataSourceEntity, connection: StreamConnection): Promise<boolean> {
    try {
      return await this.streams.hasMore(connection, source, await this.cursors.find(source.id));
    } catch (err) {
      this.logger.warn({ err, sourceId: source.id }, 'a stream could not be looked at');
      return true;
    }
  }

  private async begin({ id, workspaceId, name }: DataSourceEntity): Promise<void> {
    const context = contextOf(workspaceId);
    try {
      await this.audit.transaction(context, async (transaction) => {
        const { manager } = transaction;
        const source = await this.sources.lock(manager, workspaceId, name);
        if (source?.id !== id || (await this.collections.countOpen(manager, id)) > 0) throw overtaken(name);
        await this.intake.take(context, transaction, source, null);
      });
    } catch (error) {
      if (!(error instanceof CodedError && error.code === 'CONFLICT')) throw error;
    }
  }
}

/** Another worker was faster, or its owner was. */
const overtaken = (name: string): CodedError =>
  new CodedError('CONFLICT', `The stream ${name} is collected already, or was deleted.`);

/** Nestor itself. */
const contextOf = (workspaceId: string): ActorContext => ({
  requestId: 'streams',
  address: null,
  actor: { kind: 'SYSTEM', id: 'streams', name: 'streams', workspaceId, role: 'SERVICE', permissions: new Set() },
});
