import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { createClient } from 'graphql-ws';
import { Redis } from 'ioredis';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { encodeModel, graph, node, tensor, valueInfo } from '../../models/training/onnx-builder.js';
import { packageRoot } from '../../src/common/process/package-root.js';
import { ArtifactStore } from '../../src/common/storage/artifact-store.js';
import { digestOfHex } from '../../src/common/storage/digest.js';
import { BatchUpdates } from '../../src/modules/inference/batch/batch-updates.js';
import { BatchChunkConsumer } from '../../src/modules/inference/batch/run/chunk.consumer.js';
import { BatchStepConsumer } from '../../src/modules/inference/batch/run/step.consumer.js';
import { BatchSweeper } from '../../src/modules/inference/batch/run/batch-sweeper.js';
import { ExecutorView } from '../../src/modules/inference/client/executor-view.js';
import { ArtifactService } from '../../src/modules/registry/artifact.service.js';
import type { ModelMetadata } from '../../src/modules/registry/model-metadata.js';
import { spawnWorker, startTestInference, type TestInference, until } from './inference.js';
import { flowers, irisRecords } from './iris.js';
import { heavyModel } from './onnx/models.js';
import { hasRedisServer, startRedisServer, type TestRedis } from './redis.js';

const FIELDS = `id status model version input format outputFormat includeInput chunkRows priority idempotencyKey
  rowsTotal rowsDone rowsFailed rowsPerSecond secondsLeft output { digest sizeBytes url } error { code message }
  createdAt startedAt endedAt`;
const SUBMIT = `mutation ($input: SubmitBatchInferenceInput!) { submitBatchInference(input: $input) { ${FIELDS} } }`;
const READ = `query ($id: ID!) { batchInference(id: $id) { ${FIELDS} } }`;
const CANCEL = `mutation ($id: ID!) { cancelBatchInference(id: $id) { ${FIELDS} } }`;
const RETRY = `mutation ($id: ID!) { retryBatchInference(id: $id) { ${FIELDS} } }`;
const LIST = `query ($first: Int, $after: String, $filter: BatchInferenceFilter) {
  batchInferences(first: $first, after: $after, filter: $filter) {
    edges { node { id status } } pageInfo { hasNextPage endCursor } } }`;

interface Batch {
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

interface Chunk {
  readonly index: number;
  readonly status: string;
  readonly attempts: number;
  readonly endedAt: Date | null;
}

/** What the heavy model takes: 16 columns, some milliseconds a row. */
const wide = Array.from({ length: 16 }, (_, index) => `c${index}`);
const wideTable = (rows: number) =>
  [wide, ...Array.from({ length: rows }, (_, row) => wide.map((_, column) => ((row + column) % 7) / 7))].join('\n');

/** Looks a class up in a table of three; ONNX Runtime refuses a run that asks for another. */
const lookupModel = () =>
  encodeModel(
    graph({
      name: 'lookup',
      nodes: [node('Gather', ['heights', 'class'], ['height'])],
      initializers: [tensor('heights', 'FP32', [3], [1.5, 2.5, 3.5])],
      inputs: [valueInfo('class', 'INT64', ['batch'])],
      outputs: [valueInfo('height', 'FP32', ['batch'])],
    }),
  );

/** Answers 50,000 numbers for each row, all of them twice its own. */
const fanModel = () =>
  encodeModel(
    graph({
      name: 'fan',
      nodes: [node('MatMul', ['x', 'twos'], ['y'])],
      initializers: [tensor('twos', 'FP32', [1, 50_000], Array<number>(50_000).fill(2))],
      inputs: [valueInfo('x', 'FP32', ['batch', 1])],
      outputs: [valueInfo('y', 'FP32', ['batch', 50_000])],
    }),
  );

/** The same promises hold on both backends; one api in a process, so each has a file of its own. */
const count = (chunks: readonly { readonly status: string }[], wanted: string): number =>
  chunks.filter(({ status }) => status === wanted).length;

export function describeBatchInference(backend: 'postgresql' | 'redis'): void {
  describe.skipIf(backend === 'redis' && !hasRedisServer())(`batch inference on ${backend}`, () => {
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

    async function work(overrides: Readonly<Record<string, string>> = {}) {
      const worker = await nestor.startWorker(overrides);
      workers.push(worker);
      await until(
        () => worker.get(ExecutorView, { strict: false }).hosts(),
        (hosts) => hosts.some(({ executors }) => executors.some(({ state }) => state === 'READY')),
      );
      return worker;
    }

    const storedFiles = async () =>
      (
        await readdir(join(nestor.settings.NESTOR_HOME, 'artifacts/sha256'), { recursive: true, withFileTypes: true })
      ).filter((entry) => entry.isFile()).length;
    const artifacts = () => nestor.api.app.get(ArtifactService, { strict: false });
    const store = () => nestor.api.app.get(ArtifactStore, { strict: false });
    const upload = async (file: string | Uint8Array) =>
      (await artifacts().upload(nestor.context, Readable.from([Buffer.from(file as string)]))).digest;

    async function submit(file: string | Uint8Array, input: Readonly<Record<string, unknown>> = {}): Promise<Batch> {
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
    const ndjsonRows = async (batch: Batch) =>
      (await outputOf(batch))
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);

    const chunksOf = (id: string): Promise<Chunk[]> =>
      nestor.dataSource.query(
        'SELECT index, status, attempts, ended_at AS "endedAt" FROM batch_chunks WHERE batch_id = $1 ORDER BY index',
        [id],
      );

    it('runs 5,000 rows of CSV, of which the bad ones fail alone', async () => {
      await work();
      const { lines, bad } = flowers(5_000);
      const submitted = await submit(lines.join('\n'), { chunkRows: 300, includeInput: true, priority: 4 });
      expect(submitted).toMatchObject({ status: 'QUEUED', format: 'CSV', outputFormat: 'CSV', rowsTotal: null });
      const batch = await ended(submitted.id, 'SUCCEEDED');
      expect(batch).toMatchObject({
        rowsTotal: 5_000,
        rowsDone: 5_000,
        rowsFailed: bad.size,
        secondsLeft: 0,
        error: null,
      });
      expect(batch.rowsPerSecond).toBeGreaterThan(0);
      const rows = await csvRows(batch);
      expect(rows.map(({ row }) => Number(row))).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
      for (const [index, row] of rows.entries()) {
        const error = bad.get(index + 1);
        if (error === undefined) {
          expect(row).toMatchObject({
            label: irisRecords[index % 3]?.label,
            error: '',
            input_id: `flower ${index + 1}`,
          });
          expect(Number(row['probability'])).toBeGreaterThan(0.5);
        } else {
          expect(row).toMatchObject({ label: '', probability: '', output_label: '' });
          expect(row['error']).toMatch(error);
        }
      }
      expect((await chunksOf(batch.id)).every(({ attempts }) => attempts === 1)).toBe(true);
      const depths = await register.getSingleMetricAsString('nestor_queue_depth');
      for (const queue of ['inference', 'batch-steps', 'batch-chunks'])
        expect(depths).toContain(`{queue="${queue}"} 0`);
      const requests = await register.getSingleMetricAsString('nestor_inference_requests_total');
      expect(requests).toMatch(/model="iris",version="1",lane="batch",outcome="success"/);
    });

    it('reads NDJSON and writes NDJSON, with the input and the outputs of each row', async () => {
      await work();
      const records = irisRecords.map(({ record }) => record);
      const { petalWidth: _missing, ...short } = records[0] ?? {};
      const lines = [...records, short, { ...records[1], petalWidth: '0.2', more: { a: [1] } }];
      const file = [
        ...lines.map((line) => JSON.stringify(line)),
        '{"sepalLength": NaN, "sepalWidth": 1, "petalLength": 1, "petalWidth": 1}',
      ].join('\n');
      const batch = await ended((await submit(file, { chunkRows: 2, includeInput: true })).id, 'SUCCEEDED');
      expect(batch).toMatchObject({ rowsTotal: 6, rowsFailed: 3 });
      const rows = await ndjsonRows(batch);
      expect(rows.map(({ label }) => label)).toEqual([...irisRecords.map(({ label }) => label), null, null, null]);
      expect(rows[0]).toMatchObject({ row: 1, input: records[0], values: { label: 0 }, error: null });
      expect(rows[3]?.['error']).toBe('INVALID_RECORD: petalWidth: is missing; it takes a number.');
      expect(rows[4]).toMatchObject({ input: lines[4], values: null });
      expect(rows[4]?.['error']).toMatch(/^INVALID_RECORD: petalWidth: is "0.2"; it takes a number/);
      expect(rows[5]?.['error']).toMatch(/^INVALID_RECORD: sepalLength: is "NaN"; it takes a number/);
    });

    it('reads Parquet and writes Parquet, and drops what it unpacked', async () => {
      await work();
      const names = ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'] as const;
      const columns = names.map((name) => ({
        name,
        data: Array.from({ length: 1_000 }, (_, index) =>
          index === 500 ? null : irisRecords[index % 3]?.record[name],
        ),
        type: 'DOUBLE' as const,
      }));
      const id = {
        name: 'id',
        data: Array.from({ length: 1_000 }, (_, index) => BigInt(index)),
        type: 'INT64' as const,
      };
      const file = new Uint8Array(parquetWriteBuffer({ columnData: [id, ...columns], rowGroupSize: 400 }));
      const batch = await ended((await submit(file, { chunkRows: 150, includeInput: true })).id, 'SUCCEEDED');
      expect(batch).toMatchObject({ format: 'PARQUET', outputFormat: 'PARQUET', rowsTotal: 1_000, rowsFailed: 1 });
      const rows = await parquetReadObjects({ file: Uint8Array.from(await outputOf(batch)).buffer });
      expect(rows.map(({ row }) => Number(row))).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
      expect(rows[4]).toMatchObject({
        input_id: 4,
        input_sepalLength: 6,
        label: 'versicolor',
        output_label: 1n,
        error: null,
      });
      expect(rows[500]).toMatchObject({ label: null, input_id: 500 });
      expect(rows[500]?.['error']).toMatch(/^INVALID_RECORD: sepalLength: is null/);
      const [spool] = await nestor.dataSource.query<{ rows_digest: string }[]>(
        'SELECT rows_digest FROM batch_inferences WHERE id = $1',
        [batch.id],
      );
      const digest = digestOfHex((spool?.rows_digest ?? '').slice('sha256:'.length));
      await until(
        () => store().stat(digest),
        (found) => found === null,
      );
    });

    it('writes another format than it reads', async () => {
      await work();
      const { lines } = flowers(10);
      const [ndjson, parquet] = [
        await ended((await submit(lines.join('\r\n'), { outputFormat: 'NDJSON' })).id, 'SUCCEEDED'),
        await ended((await submit(lines.join('\r\n'), { outputFormat: 'PARQUET', alias: null })).id, 'SUCCEEDED'),
      ];
      expect((await ndjsonRows(ndjson))[0]).not.toHaveProperty('input');
      const rows = await parquetReadObjects({ file: Uint8Array.from(await outputOf(parquet)).buffer });
      expect(rows[1]).toMatchObject({ row: 2n, label: 'versicolor', output_label: 1n });
    });

    it('fails only the rows that the model itself refuses, though they run with others', async () => {
      await work();
      const classes = Array.from({ length: 200 }, (_, row) => (row === 70 || row === 133 ? 99 : row % 3));
      const file = ['class', ...classes].join('\n');
      const batch = await ended((await submit(file, { model: 'lookup' })).id, 'SUCCEEDED');
      expect(batch).toMatchObject({ rowsTotal: 200, rowsFailed: 2 });
      for (const [row, { output_height: height, error }] of (await csvRows(batch)).entries()) {
        if (classes[row] === 99) expect(error).toMatch(/^MODEL_RUN_FAILED: /);
        else expect([Number(height), error]).toEqual([[1.5, 2.5, 3.5][row % 3], '']);
      }
    });

    it('fails a chunk whose answers would fill the memory, and runs it in smaller ones', async () => {
      await work();
      const file = ['x', ...Array.from({ length: 120 }, (_, row) => row)].join('\n');
      const failed = await ended((await submit(file, { model: 'fan' })).id, 'FAILED');
      expect(failed.error).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        message: expect.stringMatching(/^Rows 1 to 120: the outputs have more than 4000000 elements/),
      });
      const batch = await ended(
        (await submit(file, { model: 'fan', chunkRows: 40, outputFormat: 'PARQUET' })).id,
        'SUCCEEDED',
      );
      const rows = await parquetReadObjects({
        file: Uint8Array.from(await outputOf(batch)).buffer,
        columns: ['output_y'],
      });
      expect(rows.map(({ output_y: values }) => (values as number[])[49_999])).toEqual(rows.map((_, row) => row * 2));
    }, 60_000);

    it('assembles again what could not be stored, without running a row again', async () => {
      await work({ NESTOR_ARTIFACT_MAX_BYTES: '100' });
      const { lines } = flowers(30);
      const { id } = await submit(lines.join('\n'), { chunkRows: 10 });
      const failed = await ended(id, 'FAILED');
      expect(failed).toMatchObject({ rowsDone: 30, output: null, error: { code: 'ARTIFACT_TOO_LARGE' } });
      await stopWorkers();
      await work();
      const retried = await nestor.ask<{ retryBatchInference: Batch }>(RETRY, { id });
      expect(retried.data?.retryBatchInference.status).toBe('ASSEMBLING');
      expect(await csvRows(await ended(id, 'SUCCEEDED'))).toHaveLength(30);
      expect((await chunksOf(id)).map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    });

    it('refuses Parquet that unpacks to more than it may, and leaves nothing of it', async () => {
      await work({ NESTOR_BATCH_UNPACKED_MAX_BYTES: '2000' });
      const data = Array.from({ length: 1_000 }, () => 1);
      const names = Object.keys(irisRecords[0].record);
      const columnData = names.map((name) => ({ name, data, type: 'DOUBLE' as const }));
      const { id } = await submit(new Uint8Array(parquetWriteBuffer({ columnData })));
      const before = await storedFiles();
      expect((await ended(id, 'FAILED')).error).toMatchObject({
        code: 'INVALID_FILE',
        message: expect.stringContaining('NESTOR_BATCH_UNPACKED_MAX_BYTES'),
      });
      expect(await storedFiles()).toBe(before);
    });

    it('runs row by row what cannot be run together', async () => {
      await work();
      await nestor.register('iris-single', await readFile(join(packageRoot, 'models/iris/1/model.onnx')), {
        inputColumns: ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'],
        outputLabels: ['setosa', 'versicolor', 'virginica'],
        outputs: { label: 'label', probabilities: 'probabilities' },
      });
      await nestor.dataSource.query(
        `UPDATE model_versions SET batchable = false WHERE model_id = (SELECT id FROM registered_models WHERE name = 'iris-single')`,
      );
      const { lines } = flowers(30);
      const batch = await ended((await submit(lines.join('\n'), { model: 'iris-single' })).id, 'SUCCEEDED');
      expect((await csvRows(batch)).map(({ label }) => label).slice(0, 3)).toEqual(
        irisRecords.map(({ label }) => label),
      );
    });

    it('says at once what is wrong with a submission', async () => {
      const input = await upload('a\n1\n');
      const cases: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
        [{ model: 'iris', input: `sha256:${'0'.repeat(64)}` }, 'ARTIFACT_NOT_FOUND'],
        [{ model: 'iris', input: 'nonsense' }, 'INVALID_INPUT'],
        [{ model: 'nobody', input }, 'MODEL_NOT_FOUND'],
        [{ model: 'iris', input, chunkRows: 0 }, 'INVALID_INPUT'],
        [{ model: 'iris', input, version: 1, alias: 'x' }, 'INVALID_INPUT'],
        [{ model: 'iris', input: await upload(Buffer.from([1, 0, 2])) }, 'INVALID_FILE'],
      ];
      for (const [given, code] of cases) {
        const { errors } = await nestor.ask(SUBMIT, { input: given });
        expect(errors[0]?.extensions.code, JSON.stringify(given)).toBe(code);
      }
    });

    it('fails a file that is malformed, and says where', async () => {
      await work();
      const header = 'sepalLength,sepalWidth,petalLength,petalWidth';
      const parquet = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'a', data: [1, 2], type: 'DOUBLE' }] }));
      const cases: readonly (readonly [string | Uint8Array, Readonly<Record<string, unknown>>, RegExp])[] = [
        [`${header}\n1,2,3,4\n1,"2,3,4\n`, {}, /^row 2: a quote is opened here and never closed/],
        [
          'sepalLength,petalWidth\n1,2\n',
          {},
          /^header: the model takes sepalWidth, petalLength, which the file does not/,
        ],
        [`${header}\n`, {}, /^file: it has no rows/],
        [`${header}\n${'1'.repeat(20_000)}`, {}, /^row 1: the row is longer than 10000 bytes/],
        ['{"a":1}\n[]\n', {}, /^line 2: this is no JSON object/],
        [Buffer.from([1, 0, 2]), { format: 'CSV' }, /^byte 1: this is no UTF-8 text/],
        [parquet.subarray(0, parquet.length - 20), {}, /^The Parquet file cannot be read/],
        [parquet, {}, /^header: the model takes sepalLength/],
        [header, { format: 'PARQUET' }, /^The Parquet file cannot be read/],
      ];
      const submitted = await Promise.all(cases.map(([file, input]) => submit(file, input)));
      for (const [index, [, , message]] of cases.entries()) {
        const batch = await ended(submitted[index]?.id ?? '', 'FAILED');
        expect(batch).toMatchObject({
          output: null,
          error: { code: 'INVALID_FILE', message: expect.stringMatching(message) },
        });
      }
    });

    it('answers the first batch to a repeated submission, and refuses another payload', async () => {
      const idempotencyKey = randomUUID();
      const { lines } = flowers(3);
      const file = lines.join('\n');
      const batches = await Promise.all(Array.from({ length: 5 }, () => submit(file, { idempotencyKey })));
      expect(new Set(batches.map(({ id }) => id)).size).toBe(1);
      const input = { model: 'iris', input: await upload(file), idempotencyKey, chunkRows: 7 };
      expect((await nestor.ask(SUBMIT, { input })).errors[0]?.extensions.code).toBe('IDEMPOTENCY_MISMATCH');
      await nestor.ask(CANCEL, { id: batches[0]?.id });
    });

    it('cancels a batch that waits, and lets it go on when asked to', async () => {
      const { lines } = flowers(3);
      const { id } = await submit(lines.join('\n'));
      expect(
        (await nestor.ask<{ cancelBatchInference: Batch }>(CANCEL, { id })).data?.cancelBatchInference.status,
      ).toBe('CANCELLED');
      expect((await nestor.ask(CANCEL, { id })).errors).toEqual([]);
      const retried = await nestor.ask<{ retryBatchInference: Batch }>(RETRY, { id });
      expect(retried.data?.retryBatchInference.status).toBe('QUEUED');
      await work();
      await ended(id, 'SUCCEEDED');
      for (const [operation, target, code] of [
        [RETRY, id, 'CONFLICT'],
        [CANCEL, id, 'CONFLICT'],
        [CANCEL, randomUUID(), 'NOT_FOUND'],
        [RETRY, randomUUID(), 'NOT_FOUND'],
        [RETRY, 'nonsense', 'NOT_FOUND'],
      ] as const) {
        expect((await nestor.ask(operation, { id: target })).errors[0]?.extensions.code).toBe(code);
      }
    });

    it('cancels a batch that runs, and goes on with what is not finished', async () => {
      const worker = await work();
      const { id } = await submit(wideTable(400), { model: 'heavy', chunkRows: 10 });
      await until(
        () => read(id),
        ({ rowsDone }) => rowsDone >= 30,
      );
      await nestor.ask(CANCEL, { id });
      await until(
        () => worker.get(BatchChunkConsumer, { strict: false }).runningIds,
        (ids) => ids.length === 0,
      );
      const before = (await chunksOf(id)).filter(({ status }) => status === 'SUCCEEDED');
      expect(before.length).toBeGreaterThanOrEqual(3);
      expect(before.length).toBeLessThan(40);
      expect((await read(id)).status).toBe('CANCELLED');
      expect((await nestor.ask<{ retryBatchInference: Batch }>(RETRY, { id })).data?.retryBatchInference.status).toBe(
        'RUNNING',
      );
      const batch = await ended(id, 'SUCCEEDED');
      expect((await csvRows(batch)).map(({ row }) => Number(row))).toEqual(
        Array.from({ length: 400 }, (_, row) => row + 1),
      );
      const after = new Map((await chunksOf(id)).map((chunk) => [chunk.index, chunk]));
      for (const chunk of before) expect(after.get(chunk.index)).toEqual(chunk);
    }, 60_000);

    it('fails with a chunk whose attempts are used up, and runs only what is missing when it is retried', async () => {
      const { lines } = flowers(40);
      const { id } = await submit(lines.join('\n'), { chunkRows: 10 });
      await nestor.dataSource.query('UPDATE batch_inferences SET max_attempts = 2 WHERE id = $1', [id]);
      workers.push(await nestor.startWorker({ NESTOR_EXECUTORS: '0' }));
      const failed = await ended(id, 'FAILED');
      expect(failed.error?.code).toBe('EXECUTORS_UNAVAILABLE');
      expect(failed.error?.message).toMatch(/^Rows \d+ to \d+: No executor is ready/);
      await stopWorkers();
      await work();
      await nestor.ask(RETRY, { id });
      const batch = await ended(id, 'SUCCEEDED');
      expect(batch).toMatchObject({ rowsDone: 40, error: null });
      expect((await csvRows(batch)).filter(({ error }) => error === '')).toHaveLength(39);
    });

    it('pages through batches, newest first, and filters them', async () => {
      const { lines } = flowers(2);
      const batches = [await submit(lines.join('\n')), await submit(lines.join('\n')), await submit(lines.join('\n'))];
      interface Page {
        batchInferences: { edges: { node: Batch }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      }
      const seen: string[] = [];
      let after: string | undefined;
      for (let page = 0; page < 2; page += 1) {
        const variables: Record<string, unknown> = { first: 2, after, filter: { status: ['QUEUED'], model: 'iris' } };
        const { data } = await nestor.ask<Page>(LIST, variables);
        seen.push(...(data?.batchInferences.edges.map(({ node }) => node.id) ?? []));
        after = data?.batchInferences.pageInfo.endCursor;
      }
      expect(seen.slice(0, 3)).toEqual(batches.map(({ id }) => id).toReversed());
      const none = await nestor.ask<Page>(LIST, { filter: { until: new Date(0).toISOString() } });
      expect(none.data?.batchInferences.edges).toEqual([]);
      const since = await nestor.ask<Page>(LIST, { first: 1, filter: { since: new Date(0).toISOString() } });
      expect(since.data?.batchInferences.edges).toHaveLength(1);
      expect((await nestor.ask(LIST, { after: 'bogus' })).errors[0]?.extensions.code).toBe('INVALID_CURSOR');
      for (const { id } of batches) await nestor.ask(CANCEL, { id });
      const { data } = await nestor.ask<{ batchInference: null }>(READ, { id: randomUUID() });
      expect(data?.batchInference).toBeNull();
    });

    it('tells a subscriber of the progress until the end', async () => {
      const { id } = await submit(wideTable(200), { model: 'heavy', chunkRows: 20 });
      const socket = createClient({
        url: `${nestor.api.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { 'x-api-key': nestor.apiKey },
        retryAttempts: 0,
      });
      const seen: Batch[] = [];
      const watching = (async () => {
        const query = `subscription ($id: ID!) { batchInferenceUpdated(id: $id) { ${FIELDS} } }`;
        for await (const { data } of socket.iterate<{ batchInferenceUpdated: Batch }>({ query, variables: { id } })) {
          if (data) seen.push(data.batchInferenceUpdated);
        }
      })();
      await until(
        () => seen,
        ({ length }) => length > 0,
      );
      await work();
      await watching;
      await socket.dispose();
      expect(seen[0]).toMatchObject({ status: 'QUEUED', rowsDone: 0, rowsTotal: null, secondsLeft: null });
      expect(seen.at(-1)).toMatchObject({ status: 'SUCCEEDED', rowsDone: 200, secondsLeft: 0 });
      const under = seen.filter(({ status, rowsDone }) => status === 'RUNNING' && rowsDone > 0 && rowsDone < 200);
      expect(under.length).toBeGreaterThan(0);
      for (const { secondsLeft, rowsPerSecond, rowsDone } of under) {
        expect(rowsPerSecond).toBeGreaterThan(0);
        expect(secondsLeft).toBeCloseTo((200 - rowsDone) / (rowsPerSecond ?? 0), 6);
      }
      const done = seen.map(({ rowsDone }) => rowsDone);
      expect(done).toEqual(done.toSorted((one, other) => one - other));
      const updates = nestor.api.app.get(BatchUpdates, { strict: false });
      expect(updates.watching).toBe(0);
      await expect(updates.watch(nestor.context, randomUUID()).next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }, 60_000);

    it('hands back what it cannot finish when it stops, without counting the attempt', async () => {
      await work({ NESTOR_SHUTDOWN_TIMEOUT_MS: '100' });
      const { id } = await submit(wideTable(800), { model: 'heavy', chunkRows: 200 });
      await until(
        () => chunksOf(id),
        (chunks) => chunks.some(({ status }) => status === 'RUNNING'),
      );
      await stopWorkers();
      const chunks = await chunksOf(id);
      expect(chunks.map(({ status }) => status)).not.toContain('RUNNING');
      expect(chunks.filter(({ status }) => status === 'QUEUED').every(({ attempts }) => attempts === 0)).toBe(true);
      expect(chunks.some(({ status }) => status === 'QUEUED')).toBe(true);
      await nestor.ask(CANCEL, { id });
    }, 60_000);

    it('queues again what the queue forgot', async () => {
      const { lines } = flowers(50);
      const { id } = await submit(lines.join('\n'), { chunkRows: 5 });
      if (redis === undefined) await nestor.dataSource.query('DELETE FROM bullmq.job');
      else {
        const client = new Redis(redis.url);
        await client.flushall();
        client.disconnect();
      }
      await work();
      await ended(id, 'SUCCEEDED');
    });

    it('takes steps and chunks from workers that are gone, and fails what outlives all its workers', async () => {
      const { lines } = flowers(20);
      const splitting = await submit(lines.join('\n'), { chunkRows: 5 });
      const last = await submit(lines.join('\n'), { chunkRows: 5 });
      // As a worker leaves them that was killed: taken, and no longer renewed.
      await nestor.dataSource.query(
        `UPDATE batch_inferences SET status = 'SPLITTING', attempts = CASE WHEN id = $2 THEN max_attempts ELSE 1 END,
           worker = 'gone', lease_until = now() - interval '1 s' WHERE id = ANY($1::uuid[])`,
        [[splitting.id, last.id], last.id],
      );
      const worker = await work();
      await ended(splitting.id, 'SUCCEEDED');
      expect((await ended(last.id, 'FAILED')).error?.code).toBe('EXECUTOR_LOST');
      await nestor.dataSource.query(
        `UPDATE batch_inferences SET status = 'RUNNING', chunks_done = chunks_total - 2, ended_at = NULL WHERE id = $1`,
        [splitting.id],
      );
      await nestor.dataSource.query(
        `UPDATE batch_chunks SET status = 'RUNNING', worker = 'gone', lease_until = now() - interval '1 s',
           attempts = CASE WHEN index = 1 THEN 5 ELSE 1 END WHERE batch_id = $1 AND index < 2`,
        [splitting.id],
      );
      await worker.get(BatchSweeper, { strict: false }).sweep();
      expect((await ended(splitting.id, 'FAILED')).error).toMatchObject({
        code: 'EXECUTOR_LOST',
        message: expect.stringMatching(/^Rows 6 to 10: The worker that had this ended/),
      });
    });

    it('repeats no finished chunk though its worker is killed in the middle', async () => {
      const worker = await spawnWorker(nestor.settings);
      const { id } = await submit(wideTable(600), { model: 'heavy', chunkRows: 10 });
      const before = await until(
        async () => {
          worker.freeze();
          // What it has sent to the database is still carried out.
          await sleep(100);
          const chunks = await chunksOf(id);
          if (count(chunks, 'SUCCEEDED') < 10 || count(chunks, 'RUNNING') === 0) worker.goOn();
          return chunks;
        },
        (chunks) => count(chunks, 'SUCCEEDED') >= 10 && count(chunks, 'RUNNING') > 0,
      );
      await worker.kill();
      const finished = before.filter(({ status }) => status === 'SUCCEEDED');
      expect(finished.length).toBeLessThan(60);
      await work();
      const batch = await ended(id, 'SUCCEEDED');
      const after = await chunksOf(id);
      for (const chunk of finished) expect(after[chunk.index]).toEqual(chunk);
      expect(finished.every(({ attempts }) => attempts === 1)).toBe(true);
      for (const { index, status } of before) {
        if (status === 'RUNNING') expect(after[index]?.attempts).toBe(2);
        if (status === 'QUEUED') expect(after[index]?.attempts).toBe(1);
      }
      const rows = await csvRows(batch);
      expect(rows.map(({ row }) => Number(row))).toEqual(Array.from({ length: 600 }, (_, row) => row + 1));
      expect(rows.every(({ error }) => error === '')).toBe(true);
      expect(batch).toMatchObject({ rowsTotal: 600, rowsDone: 600, rowsFailed: 0 });
    }, 90_000);

    it('deletes what ended longer ago than it is kept', async () => {
      const worker = await work();
      const { lines } = flowers(5);
      const { id } = await submit(lines.join('\n'));
      await ended(id, 'SUCCEEDED');
      await nestor.dataSource.query(`UPDATE batch_inferences SET ended_at = now() - interval '31 days' WHERE id = $1`, [
        id,
      ]);
      await until(
        () => nestor.ask<{ batchInference: Batch | null }>(READ, { id }),
        ({ data }) => data?.batchInference === null,
      );
      expect(await chunksOf(id)).toEqual([]);
      expect(worker.get(BatchStepConsumer, { strict: false }).runningIds).toEqual([]);
    });

    it('leaves an audit event for each step that somebody asked for', async () => {
      const { lines } = flowers(2);
      const { id } = await submit(lines.join('\n'));
      await nestor.ask(CANCEL, { id });
      await nestor.ask(RETRY, { id });
      await nestor.ask(CANCEL, { id });
      const events = await nestor.dataSource.query<{ action: string }[]>(
        `SELECT action FROM audit_events WHERE resource_id = $1 ORDER BY id`,
        [id],
      );
      expect(events.map(({ action }) => action)).toEqual([
        'batch-inference.submit',
        'batch-inference.cancel',
        'batch-inference.retry',
        'batch-inference.cancel',
      ]);
    });
  });
}
