import { BatchAnnouncements } from './batch-announcements.js';
import { BatchChunkRepository } from './batch-chunk.repository.js';
import { BatchDispatch } from './batch-dispatch.js';
import { BatchChunkQueue, BatchStepQueue } from './batch-queues.js';
import { BatchStepRepository } from './batch-step.repository.js';
import { BatchSubmissionService } from './batch-submission.service.js';
import { BatchUpdates } from './batch-updates.js';
import { BatchRepository } from './batch.repository.js';
import { BatchResolver } from './batch.resolver.js';
import { BatchesService } from './batches.service.js';
import { BatchAssembler } from './run/batch-assembler.js';
import { BatchSplitter } from './run/batch-splitter.js';
import { BatchSweeper } from './run/batch-sweeper.js';
import { ChunkInference } from './run/chunk-inference.js';
import { BatchChunkConsumer } from './run/chunk.consumer.js';
import { BatchStepConsumer } from './run/step.consumer.js';
import { BatchWorkerId } from './run/worker-id.js';

const shared = [BatchStepQueue, BatchChunkQueue, BatchAnnouncements, BatchChunkRepository, BatchDispatch];

/** Batch inference as clients see it. */
export const batchApiProviders = [
  ...shared,
  BatchRepository,
  BatchSubmissionService,
  BatchesService,
  BatchUpdates,
  BatchResolver,
];

/** Batch inference as the worker does it. */
export const batchWorkerProviders = [
  ...shared,
  BatchWorkerId,
  BatchStepRepository,
  BatchSplitter,
  ChunkInference,
  BatchAssembler,
  BatchChunkConsumer,
  BatchStepConsumer,
  BatchSweeper,
];
