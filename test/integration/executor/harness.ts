import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { CodedError } from '../../../src/common/errors/coded-error.js';
import type { Tensor } from '../../../src/common/tensor/tensor.js';
import {
  ExecutorClient,
  type ExecutorClientOptions,
  type Inference,
} from '../../../src/modules/inference/client/executor-client.js';
import { ExecutorView } from '../../../src/modules/inference/client/executor-view.js';
import { ExecutorDirectory } from '../../../src/modules/inference/pool/executor-directory.js';
import { ExecutorPool, type ExecutorPoolOptions } from '../../../src/modules/inference/pool/executor-pool.js';
import { ModelFiles } from '../../../src/modules/inference/pool/model-files.js';
import type { ExecutorHostState, ExecutorState } from '../../../src/modules/inference/protocol/executor-state.js';
import type { WarmUpSample } from '../../../src/modules/registry/serving/serving-policy.js';
import { built } from '../../support/built.js';

const MIB = 1024 * 1024;

/** Both sides of the directory of executors, in memory. */
export class MemoryDirectory implements ExecutorDirectory, ExecutorView {
  private readonly byHost = new Map<string, ExecutorHostState>();
  private readonly listeners = new Set<() => void>();

  async publish(host: ExecutorHostState): Promise<void> {
    this.byHost.set(host.hostId, host);
    for (const listener of this.listeners) listener();
  }

  hosts(): readonly ExecutorHostState[] {
    return [...this.byHost.values()];
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  executors(): ExecutorState[] {
    return this.hosts().flatMap((host) => host.executors);
  }
}

/** Model files in a folder, by their digest. */
export class FolderModelFiles implements ModelFiles {
  readonly asked: string[] = [];
  readonly warmUps = new Map<string, readonly WarmUpSample[]>();
  private readonly paths = new Map<string, string>();

  constructor(private readonly folder: string) {}

  /** Keeps a model and returns its digest. */
  async add(bytes: Uint8Array, digest = digestOf(bytes)): Promise<string> {
    const path = join(this.folder, `${digest}.onnx`);
    await writeFile(path, bytes);
    this.paths.set(digest, path);
    return digest;
  }

  pathTo(digest: string): string {
    return this.paths.get(digest) ?? '';
  }

  async pathOf(digest: string): Promise<string> {
    this.asked.push(digest);
    const path = this.paths.get(digest);
    if (path === undefined) throw new CodedError('ARTIFACT_NOT_FOUND', 'There is no such model file.');
    return path;
  }

  async warmUpOf(digest: string): Promise<readonly WarmUpSample[]> {
    return this.warmUps.get(digest) ?? [];
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A pool with real processes, its model files and a client, all of which `close` ends. */
export interface TestPool {
  readonly pool: ExecutorPool;
  readonly directory: MemoryDirectory;
  readonly files: FolderModelFiles;
  readonly client: ExecutorClient;
  readonly log: string[];
  close(): Promise<void>;
}

export async function startPool(
  options: Partial<ExecutorPoolOptions> = {},
  clientOptions: ExecutorClientOptions = {},
): Promise<TestPool> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-test-models-'));
  const files = new FolderModelFiles(folder);
  const directory = new MemoryDirectory();
  const log: string[] = [];
  const pool = await ExecutorPool.start({
    ...launchOptions(await built('src/executor.main.js'), log),
    hostId: 'host',
    pool: 'default',
    machine: { cores: 4, memoryBytes: 8 * 1024 * MIB },
    executors: 1,
    devices: ['cpu'],
    cacheBytes: 64 * MIB,
    batchMs: 50,
    maxBatchRows: 256,
    maxLoads: 500,
    threads: 1,
    drainTimeoutMs: 10_000,
    modelFiles: files,
    directory,
    ...options,
  });
  const client = new ExecutorClient(directory, clientOptions);
  const close = async (): Promise<void> => {
    client.close();
    await pool.stop(5_000);
    await rm(folder, { recursive: true, force: true });
  };
  return { pool, directory, files, client, log, close };
}

export function launchOptions(entry: string, log: string[] = []) {
  return {
    entry,
    memoryBytes: 1024 * MIB,
    runTimeoutMs: 10_000,
    log: (level: string, message: string, facts?: Readonly<Record<string, unknown>>) => {
      log.push(`${level} ${message} ${JSON.stringify(facts ?? {})}`);
    },
  };
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean, timeout = 20_000): Promise<void> {
  await vi.waitUntil(condition, { timeout, interval: 10 });
}

export async function untilReady({ directory }: TestPool, count = 1): Promise<ExecutorState[]> {
  const ready = (): ExecutorState[] => directory.executors().filter(({ state }) => state === 'READY');
  await until(() => ready().length >= count);
  return ready();
}

/** Two INT32 inputs for `simpleModel`; every element of row r is `first + r` and 1. */
export function simpleInputs(first: number, rows = 1): Tensor[] {
  const left = Int32Array.from({ length: rows * 16 }, (_, index) => first + Math.floor(index / 16));
  const right = new Int32Array(rows * 16).fill(1);
  return [int32('INPUT0', left, rows), int32('INPUT1', right, rows)];
}

function int32(name: string, values: Int32Array, rows: number): Tensor {
  return { name, datatype: 'INT32', shape: [rows, 16], data: new Uint8Array(values.buffer) };
}

export function floats(name: string, shape: readonly number[], values: readonly number[]): Tensor {
  return { name, datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

export function simpleInference(digest: string, first = 1, rows = 1): Inference {
  return { digest, descriptor: { batchable: true }, tensors: simpleInputs(first, rows), deadlineMs: 20_000 };
}

/** What `simpleModel` answers to a `simpleInference` of one row that begins with 1: the sums. */
export async function simpleSums({ client }: TestPool, digest: string): Promise<number[]> {
  const { outputs } = await client.infer(simpleInference(digest));
  return [...new Int32Array(Uint8Array.from(outputs[0]?.data ?? []).buffer)];
}

export function isAlive(pid: number | null): boolean {
  try {
    if (pid === null) return false;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
