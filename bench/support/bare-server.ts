import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { packageRoot } from '../../src/common/process/package-root.js';
import { loadSettings } from '../../src/common/config/settings.js';
import type { Datatype } from '../../src/common/tensor/datatypes.js';
import { elementsOf, tensorFromJson } from '../../src/common/tensor/tensor-json.js';
import { ExecutorClient } from '../../src/modules/inference/client/executor-client.js';
import { ExecutorView } from '../../src/modules/inference/client/executor-view.js';
import { ExecutorDirectory } from '../../src/modules/inference/pool/executor-directory.js';
import { ExecutorPool } from '../../src/modules/inference/pool/executor-pool.js';
import { ModelFiles } from '../../src/modules/inference/pool/model-files.js';
import type { ExecutorHostState } from '../../src/modules/inference/protocol/executor-state.js';
import { benchModels, type BenchModel } from './models.js';

/** Directory and view in one, within one process. */
class LocalExecutors extends ExecutorDirectory implements ExecutorView {
  private host: ExecutorHostState | undefined;
  private readonly listeners = new Set<() => void>();

  publish(host: ExecutorHostState): Promise<void> {
    this.host = host;
    for (const listener of this.listeners) listener();
    return Promise.resolve();
  }

  hosts(): readonly ExecutorHostState[] {
    return this.host === undefined ? [] : [this.host];
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

interface JsonTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data?: unknown;
}

class OneModelFile extends ModelFiles {
  constructor(private readonly path: string) {
    super();
  }

  pathOf(): Promise<string> {
    return Promise.resolve(this.path);
  }

  warmUpOf(): Promise<[]> {
    return Promise.resolve([]);
  }
}

/**
 * The limit to measure against: `node:http`, `JSON.parse`, one hop to the same executor, `JSON.stringify`, and nothing
 * else: no framework, no schema, no access, no audit, no metrics. Bytes behind the JSON are the data of the one input,
 * and then the answer's are those of the one output.
 */
async function main(port: number, model: BenchModel): Promise<void> {
  const settings = loadSettings({});
  const file = benchModels[model]();
  const digest = createHash('sha256').update(file).digest('hex');
  const path = join(tmpdir(), `nestor-bench-${process.pid}.onnx`);
  await writeFile(path, file);
  const executors = new LocalExecutors();
  const pool = await ExecutorPool.start({
    hostId: 'bare',
    pool: 'bare',
    machine: { cores: 1, memoryBytes: 1 },
    executors: 1,
    devices: ['cpu'],
    entry: join(packageRoot, 'dist/src/executor.main.js'),
    memoryBytes: settings.NESTOR_EXECUTOR_MEMORY_BYTES,
    runTimeoutMs: settings.NESTOR_EXECUTOR_RUN_TIMEOUT_MS,
    cacheBytes: settings.NESTOR_EXECUTOR_CACHE_BYTES,
    batchMs: settings.NESTOR_EXECUTOR_BATCH_MS,
    maxBatchRows: settings.NESTOR_EXECUTOR_MAX_BATCH_ROWS,
    maxLoads: settings.NESTOR_EXECUTOR_MAX_LOADS,
    threads: settings.NESTOR_EXECUTOR_THREADS,
    drainTimeoutMs: 1_000,
    modelFiles: new OneModelFile(path),
    directory: executors,
    log: () => undefined,
  });
  const client = new ExecutorClient(executors);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const header = request.headers['inference-header-content-length'];
      const jsonLength = header === undefined ? body.byteLength : Number(header);
      const { inputs } = JSON.parse(body.toString('utf8', 0, jsonLength)) as { inputs: JsonTensor[] };
      const tensors = inputs.map(({ name, datatype, shape, data }) =>
        data === undefined
          ? { name, datatype, shape, data: body.subarray(jsonLength) }
          : tensorFromJson(name, datatype, shape, data),
      );
      client
        .infer({ digest, descriptor: { batchable: true }, tensors, deadlineMs: 30_000 })
        .then(({ outputs }) => {
          const answers = outputs.map((output) => ({
            name: output.name,
            datatype: output.datatype,
            shape: output.shape,
            ...(header === undefined && { data: elementsOf(output) }),
          }));
          const json = JSON.stringify({ outputs: answers });
          response.setHeader('content-type', header === undefined ? 'application/json' : 'application/octet-stream');
          response.end(
            header === undefined ? json : Buffer.concat([Buffer.from(json), ...outputs.map(({ data }) => data)]),
          );
        })
        .catch((error: unknown) => {
          response.statusCode = 500;
          response.end(String(error));
        });
    });
  });
  server.listen(port, '127.0.0.1');
  while (!executors.hosts().some((host) => host.executors.some(({ state }) => state === 'READY'))) await sleep(20);
  process.send?.('ready');
  process.on('disconnect', () => {
    void pool
      .stop(1_000)
      .then(() => rm(path, { force: true }))
      .then(() => process.exit(0));
  });
}

await main(Number(process.argv[2]), process.argv[3] as BenchModel);
