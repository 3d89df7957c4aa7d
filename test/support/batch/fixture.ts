import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { INestApplicationContext } from '@nestjs/common';
import { parse } from 'csv-parse/sync';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { packageRoot } from '../../../src/common/process/package-root.js';
import { ExecutorView } from '../../../src/modules/inference/client/executor-view.js';
import { ArtifactService } from '../../../src/modules/registry/artifact.service.js';
import type { ModelMetadata } from '../../../src/modules/registry/model-metadata.js';
import { startTestInference, type TestInference, until } from '../inference.js';
import { heavyModel } from '../onnx/models.js';
import { startRedisServer, type TestRedis } from '../redis.js';
import { fanModel, lookupModel, wide } from './models.js';

export const FIELDS = `id status model version input format outputFormat includeInput chunkRows priority idempotencyKey
  rowsTotal rowsDone rowsFailed rowsPerSecond secondsLeft output { digest sizeBytes url } error { code message }
  createdAt startedAt endedAt`;
export const SUBMIT = `mutation ($input: SubmitBatchInferenceInput!) { submitBatchInference(input: $input) { ${FIELDS} } }`;
export const READ = `query ($id: ID!) { batchInference(id: $id) { ${FIELDS} } }`;
export const CANCEL = `mutation ($id: ID!) { cancelBatchInference(id: $id) { ${FIELDS} } }`;
export const RETRY = `mutation ($id: ID!) { retryBatchInference(id: $id) { ${FIELDS} } }`;

export interface Batch {
  readonly id: string;
  readonly status: string;
  readonly rowsTotal: number | null;
  readonly rowsDone: number;
  readonly rowsFailed: number;
  readonly rowsPerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly output: { digest: string; sizeBytes: number; url: string } | null;
  readonly error: { code: string; message: string } | null;
}

export interface Chunk {
  readonly index: number;
  readonly status: string;
  readonly attempts: number;
  readonly endedAt: Date | null;
}

type Input = Readonly<Record<string, unknown>>;
type InputFile = string | Uint8Array;

/** A Nestor with models for batches, and what is asked of it again and again. */
export interface BatchFixture {
  /** There once tests run. */
  readonly nestor: TestInference;
  /** A worker, which ends with the test. */
  readonly start: (overrides?: Readonly<Record<string, string>>) => Promise<INestApplicationContext>;
  /** A worker of which an executor is ready. */
  readonly work: (overrides?: Readonly<Record<string, string>>) => Promise<INestApplicationContext>;
  readonly stopWorkers: () => Promise<void>;
  /** Lets the queue lose all that it knows. */
  readonly forgetQueue: () => Promise<void>;
  /** Number of files in the artifact store. */
  readonly storedFiles: () => Promise<number>;
  readonly upload: (file: InputFile) => Promise<string>;
  readonly submit: (file: InputFile, input?: Input) => Promise<Batch>;
  readonly read: (id: string) => Promise<Batch>;
  /** Waits until a batch is in a state. */
  readonly ended: (id: string, status: string) => Promise<Batch>;
  readonly outputOf: (batch: Batch) => Promise<Buffer>;
  readonly csvRows: (batch: Batch) => Promise<Record<string, string>[]>;
  readonly chunksOf: (id: string) => Promise<Chunk[]>;
}

/** Starts and ends it around the tests of the `describe` that this is called in. */
export function batchFixture(backend: 'postgresql' | 'redis'): BatchFixture {
  let nestor: TestInference;
  let redis: TestRedis | undefined;

  beforeAll(async () => {
    redis = backend === 'redis' ? await startRedisServer() : undefined;
    nestor = await startTestInference({
      NESTOR_BATCH_MAX_ROW_BYTES: '10000',
      NESTOR_EXECUTOR_MAX_BATCH_ROWS: '64',
      ...(redis !== undefined && { REDIS_URL: redis.url }),
    });
    const folder = join(packageRoot, 'models/iris');
    const { versions } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as {
      versions: { metadata: ModelMetadata }[];
    };
    await nestor.register('iris', await readFile(join(folder, '1/model.onnx')), versions[0]?.metadata);
    await nestor.register('lookup', lookupModel());
    await nestor.register('fan', fanModel());
    await nestor.register('heavy', heavyModel(), { inputColumns: wide });
  });

  afterAll(async () => {
    await nestor.close();
    await redis?.stop();
  });

  const workers: { close(): Promise<void> }[] = [];
  const stopWorkers = async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
  };
  afterEach(stopWorkers);

  async function start(overrides: Readonly<Record<string, string>> = {}) {
    const worker = await nestor.startWorker(overrides);
    workers.push(worker);
    return worker;
  }

  async function work(overrides: Readonly<Record<string, string>> = {}) {
    const worker = await start(overrides);
    await until(
      () => worker.get(ExecutorView, { strict: false }).hosts(),
      (hosts) => hosts.some(({ executors }) => executors.some(({ state }) => state === 'READY')),
    );
    return worker;
  }

  async function forgetQueue() {
    if (redis === undefined) {
      await nestor.dataSource.query('DELETE FROM bullmq.job');
      return;
    }
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  }

  const storedFiles = async () =>
    (
      await readdir(join(nestor.settings.NESTOR_HOME, 'artifacts/sha256'), { recursive: true, withFileTypes: true })
    ).filter((entry) => entry.isFile()).length;
  const artifacts = () => nestor.api.app.get(ArtifactService, { strict: false });
  const upload = async (file: InputFile) =>
    (await artifacts().upload(nestor.context, Readable.from([Buffer.from(file as string)]))).digest;

  async function submit(file: InputFile, input: Input = {}): Promise<Batch> {
    const { data, errors } = await nestor.ask<{ submitBatchInference: Batch }>(SUBMIT, {
      input: { model: 'iris', input: await upload(file), ...input },
    });
    expect(errors).toEqual([]);
    if (data === null) throw new Error('The submission was not answered.');
    return data.submitBatchInference;
  }

  async function read(id: string): Promise<Batch> {
    const { data } = await nestor.ask<{ batchInference: Batch | null }>(READ, { id });
    if (data?.batchInference == null) throw new Error('The batch is gone.');
    return data.batchInference;
  }

  async function ended(id: string, status: string): Promise<Batch> {
    const batch = await until(
      () => read(id),
      (now) => ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(now.status) || now.status === status,
    );
    expect(batch, JSON.stringify(batch.error)).toMatchObject({ status });
    return batch;
  }

  async function outputOf(batch: Batch): Promise<Buffer> {
    const response = await fetch(`${nestor.api.url}${batch.output?.url}`, {
      headers: { 'x-api-key': nestor.apiKey },
    });
    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBe(batch.output?.sizeBytes);
    return bytes;
  }

  const csvRows = async (batch: Batch) =>
    parse(await outputOf(batch), { columns: true }) as unknown as Record<string, string>[];
  const chunksOf = (id: string): Promise<Chunk[]> =>
    nestor.dataSource.query(
      'SELECT index, status, attempts, ended_at AS "endedAt" FROM batch_chunks WHERE batch_id = $1 ORDER BY index',
      [id],
    );

  return {
    get nestor() {
      return nestor;
    },
    start,
    work,
    stopWorkers,
    forgetQueue,
    storedFiles,
    upload,
    submit,
    read,
    ended,
    outputOf,
    csvRows,
    chunksOf,
  };
}
