import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { RowWatchers } from '../jobs/row-watchers.js';
import { BatchAnnouncements } from './batch-announcements.js';
import type { BatchRecord } from './batch-inference.js';
import { isBatchEnded } from './batch-state.rules.js';
import { batchNotFound, BatchesService } from './batches.service.js';

/** Tells subscribers of the progress of a batch until it ends. One listener in the process. */
@Injectable()
export class BatchUpdates implements OnModuleInit, OnApplicationShutdown {
  private readonly watchers = new RowWatchers();
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly batches: BatchesService,
    private readonly announcements: BatchAnnouncements,
  ) {}

  onModuleInit(): void {
    this.endings.push(
      this.announcements.subscribe(({ id }) => this.watchers.wake(id)),
      this.announcements.onGap(() => this.watchers.wakeAll()),
    );
  }

  onApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) end();
    this.watchers.wakeAll();
  }

  /**
   * The batch as it is now and after each change, up to the state in which it ended.
   * @throws {CodedError} NOT_FOUND by the first `next()`.
   */
  watch(context: ActorContext, id: string): AsyncIterableIterator<BatchRecord, undefined> {
    return this.watchers.watch(id, {
      look: () => this.batches.find(context, id),
      missing: () => batchNotFound(id),
      isEnded: ({ status }) => isBatchEnded(status),
      fingerprint: ({ status, generation, attempts, rowsDone }) => `${status} ${generation} ${attempts} ${rowsDone}`,
    });
  }

  /** How many subscriptions are open. */
  get watching(): number {
    return this.watchers.watching;
  }
}
