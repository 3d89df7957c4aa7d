import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { ExecutorDirectory } from '../pool/executor-directory.js';
import type { ExecutorHostState } from '../protocol/executor-state.js';
import { essence } from './executor-changes.rules.js';
import { ExecutorHostRepository } from './executor-host.repository.js';

/** A host that has been silent for so long is forgotten, in milliseconds. */
const FORGET_AFTER_MS = 60_000;

/** Makes a worker's executors known to all processes through PostgreSQL; tells them at once where it matters. */
@Injectable()
export class SharedExecutorDirectory extends ExecutorDirectory {
  private lastEssence: string | undefined;

  constructor(
    private readonly repository: ExecutorHostRepository,
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /** Never fails: what cannot be said now is said a second later. */
  async publish(host: ExecutorHostState): Promise<void> {
    const isGone = host.executors.length === 0;
    const now = essence(host);
    const isChanged = now !== this.lastEssence;
    try {
      await (isGone ? this.repository.delete(host.hostId) : this.repository.save(host));
      if (!isChanged) return;
      this.lastEssence = now;
      await this.repository.deleteOlderThan(FORGET_AFTER_MS);
      await this.notifications.publish(channels.executorsChanged, host.hostId);
    } catch (err) {
      this.logger.warn({ err }, 'the executors of this worker could not be made known');
    }
  }
}
