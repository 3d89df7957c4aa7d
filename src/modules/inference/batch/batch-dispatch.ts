import { Injectable } from '@nestjs/common';
import { BatchAnnouncements } from './batch-announcements.js';
import { BatchChunkRepository } from './batch-chunk.repository.js';
import type { ChangedBatch } from './batch-inference.js';
import { BatchChunkQueue, BatchStepQueue } from './batch-queues.js';

/** Chunks that are given to the queue at a time. */
const CHUNKS_AT_ONCE = 1_000;

/** Sees to what follows a change of a batch: announces it, and queues its next step or its chunks. */
@Injectable()
export class BatchDispatch {
  constructor(
    private readonly announcements: BatchAnnouncements,
    private readonly steps: BatchStepQueue,
    private readonly chunks: BatchChunkQueue,
    private readonly repository: BatchChunkRepository,
  ) {}

  /** Call after commit. What the queue does not take is queued by the sweeper. */
  async dispatch(batch: ChangedBatch): Promise<void> {
    this.announcements.announce([batch]);
    if (batch.status === 'QUEUED' || batch.status === 'ASSEMBLING') await this.steps.add([batch]);
    if (batch.status === 'RUNNING') await this.dispatchChunks(batch.id);
  }

  /** As `dispatch`, for a batch of which chunks are under way: those are queued already. */
  async progressed(batch: ChangedBatch): Promise<void> {
    if (batch.status === 'RUNNING') this.announcements.announce([batch]);
    else await this.dispatch(batch);
  }

  private async dispatchChunks(batchId: string): Promise<void> {
    let isMore = true;
    for (let fromIndex = 0; isMore;) {
      const waiting = await this.repository.waiting(batchId, fromIndex, CHUNKS_AT_ONCE);
      const isQueued = await this.chunks.add(waiting);
      fromIndex = (waiting.at(-1)?.index ?? 0) + 1;
      isMore = isQueued && waiting.length === CHUNKS_AT_ONCE;
    }
  }
}
