import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { queues } from '../../../../common/queue/queues.js';

/** A step or chunk belongs to its worker for so long without a sign of life, in milliseconds. */
export const BATCH_LEASE_MS = queues['batch-chunks'].lockDurationMs;

/** Id of this worker in the rows that it holds; another one after each start. */
@Injectable()
export class BatchWorkerId {
  readonly value = randomUUID();
}
