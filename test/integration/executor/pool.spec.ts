import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { elementsOf, tensorFromJson } from '../../../src/common/tensor/tensor-json.js';
import type { Inference } from '../../../src/modules/inference/client/executor-client.js';
import { ExecutorFolder } from '../../../src/modules/inference/pool/executor-folder.js';
import type { ExecutorPoolOptions } from '../../../src/modules/inference/pool/executor-pool.js';
import { built } from '../../support/built.js';
import { endlessLoopModel, memoryBombModel } from '../../support/onnx/hostile-models.js';
import { heavyModel, identityModel, simpleModel } from '../../support/onnx/models.js';
import {
  floats,
  isAlive,
  simpleInference,
  simpleSums,
  startPool,
  type TestPool,
  until,
  untilReady,
} from './harness.js';

const MIB = 1024 * 1024;
let running: TestPool | undefined;

async function start(options: Partial<ExecutorPoolOptions> = {}): Promise<TestPool> {
  running = await startPool(options);
  return running;
}

afterEach(async () => {
  await running?.close();
  running = undefined;
});

function row(digest: string, columns: number): Inference {
  const tensors = [
    floats(
      'input',
      [1, columns],
      Array.from({ length: columns }, () => 1),
    ),
  ];
  return { digest, descriptor: { batchable: true }, tensors, deadlineMs: 20_000 };
}

function bomb(digest: string, elements: number): Inference {
  return { ...row(digest, 1), tensors: [tensorFromJson('input', 'INT64', [1], [elements])] };
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'answered',
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

function pids({ directory }: TestPool): number[] {
  return directory.executors().flatMap(({ pid }) => pid ?? []);
}

function socketOf({ directory }: TestPool): string {
  return directory.executors()[0]?.address.slice('unix:'.length) ?? '';
}

describe('ExecutorPool', () => {
  it('serves a model, and leaves no process and no file behind', async () => {
    const test = await start({ executors: 2, devices: ['cpu', 'cuda:0'] });
    const digest = await test.files.add(simpleModel());
    const [first, second] = await untilReady(test, 2);
    expect(first).toMatchObject({
      id: 'host-0.1',
      device: 'cpu',
      effectiveDevice: 'cpu',
      deviceError: null,
      restarts: 0,
    });
    expect(second).toMatchObject({ id: 'host-1.1', device: 'cuda:0' });
    if (second?.effectiveDevice === 'cpu') expect(second.deviceError).toMatch(/cuda/i);
    const result = await test.client.infer(simpleInference(digest, 5));
    expect(result.outputs.map((output) => elementsOf(output)[0])).toEqual([6, 4]);
    await until(() => test.directory.executors().some(({ models }) => models[0]?.digest === digest));
    const [processes, folder] = [pids(test), dirname(socketOf(test))];
    expect(existsSync(folder)).toBe(true);
    await test.pool.stop(5_000);
    expect(processes.filter(isAlive)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    expect(test.directory.hosts()).toEqual([
      {
        hostId: 'host',
        pool: 'default',
        machine: expect.any(Object),
        room: 4,
        executors: [],
        quarantined: [],
        endings: expect.any(Array),
      },
    ]);
    // They end in an order of their own, and no model is to blame.
    const endings = test.directory.hosts().flatMap((host) => host.endings);
    expect(endings.toSorted((one, other) => one.executor.localeCompare(other.executor))).toEqual([
      { executor: first?.id, digest: null },
      { executor: second?.id, digest: null },
    ]);
  });

  it('answers what it has when it is stopped', async () => {
    const test = await start();
    const digest = await test.files.add(heavyModel({ multiplications: 8 }));
    await untilReady(test);
    await test.client.infer(row(digest, 16));
    const all = Promise.all(Array.from({ length: 20 }, () => test.client.infer(row(digest, 16))));
    await new Promise((resolve) => setTimeout(resolve, 10));
    await test.pool.stop(5_000);
    expect(await all).toHaveLength(20);
  });

  it('restarts an executor that was killed; the client does not notice, the model is not blamed', async () => {
    const test = await start();
    const digest = await test.files.add(heavyModel({ multiplications: 64 }));
    await untilReady(test);
    for (let kill = 1; kill <= 3; kill += 1) {
      await test.client.infer(row(digest, 16));
      const [before] = await untilReady(test);
      const results = Promise.all(Array.from({ length: 8 }, () => test.client.infer(row(digest, 16))));
      await new Promise((resolve) => setTimeout(resolve, 10));
      process.kill(before?.pid ?? 0, 'SIGKILL');
      const executors = (await results).map(({ executor }) => executor);
      expect(executors).toContain(`host-0.${kill + 1}`);
      await until(() => test.directory.executors()[0]?.restarts === kill);
    }
    expect(test.pool.state().quarantined).toEqual([]);
  });

  it('ends an executor that hangs, and quarantines the model the third time', async () => {
    const test = await start({ runTimeoutMs: 800 });
    const [endless, good] = [await test.files.add(endlessLoopModel()), await test.files.add(simpleModel())];
    await untilReady(test);
    expect(await refusal(test.client.infer(row(endless, 4)))).toBe('EXECUTOR_LOST');
    expect(await refusal(test.client.infer(row(endless, 4)))).toBe('MODEL_QUARANTINED');
    expect(test.pool.state().quarantined).toMatchObject([{ digest: endless }]);
    const asked = test.files.asked.length;
    expect(await refusal(test.client.infer(row(endless, 4)))).toBe('MODEL_QUARANTINED');
    expect(test.files.asked).toHaveLength(asked);
    expect((await test.client.infer(simpleInference(good))).outputs).toHaveLength(2);
    expect(test.log.filter((line) => line.includes('was busy for longer'))).toHaveLength(3);
  });

  it('blames a crash on the model that ran', async () => {
    const test = await start();
    const digest = await test.files.add(simpleModel());
    for (let crash = 1; crash <= 3; crash += 1) {
      const [executor] = await untilReady(test);
      await test.client.infer(simpleInference(digest));
      process.kill(executor?.pid ?? 0, 'SIGSEGV');
      await until(() => test.directory.executors()[0]?.restarts === crash);
    }
    expect(await refusal(test.client.infer(simpleInference(digest)))).toBe('MODEL_QUARANTINED');
  });

  it.runIf(process.platform === 'linux')('refuses a model the memory that it may not have, and goes on', async () => {
    const test = await start({ memoryBytes: 512 * MIB });
    const digest = await test.files.add(memoryBombModel());
    await untilReady(test);
    expect(elementsOf((await test.client.infer(bomb(digest, 1_000))).outputs[0] ?? floats('', [], []))).toEqual([
      1_000,
    ]);
    expect(await refusal(test.client.infer(bomb(digest, 2 ** 30)))).toBe('MODEL_RUN_FAILED');
    expect((await test.client.infer(bomb(digest, 10))).executor).toBe('host-0.1');
  });

  it('ends an executor that holds too much memory where the system does not bound it', async () => {
    const test = await start({ devices: ['cuda:0'], memoryBytes: 400 * MIB });
    const digest = await test.files.add(memoryBombModel());
    await untilReady(test);
    await refusal(test.client.infer(bomb(digest, 2 ** 27)));
    await until(() => test.log.some((line) => line.includes('used more memory than it may')));
    await until(() => (test.directory.executors()[0]?.restarts ?? 0) > 0);
  });

  it('replaces an executor after so many loads without losing a request', async () => {
    const test = await start({ maxLoads: 4, cacheBytes: MIB / 1024 });
    const digests = await Promise.all([2, 3, 4, 5].map((columns) => test.files.add(identityModel('FP32', columns))));
    await untilReady(test);
    const executors = new Set<string>();
    const ask = async (): Promise<void> => {
      for (let round = 0; !executors.has('host-0.3'); round += 1) {
        const columns = 2 + (round % 4);
        const result = await test.client.infer(row(digests[round % 4] ?? '', columns));
        executors.add(result.executor);
      }
    };
    await Promise.all([ask(), ask(), ask()]);
    expect(executors.has('host-0.2')).toBe(true);
    expect(test.directory.executors().every(({ restarts }) => restarts === 0)).toBe(true);
    await until(() => test.directory.executors().filter(({ state }) => state === 'READY').length === 1);
  });

  it('grows and shrinks', async () => {
    const test = await start();
    await untilReady(test);
    test.pool.resize(3);
    await untilReady(test, 3);
    const processes = pids(test);
    test.pool.resize(0);
    await until(() => test.directory.executors().length === 0);
    expect(processes.filter(isAlive)).toEqual([]);
    await expect(test.client.infer(simpleInference('any'))).rejects.toMatchObject({ code: 'EXECUTORS_UNAVAILABLE' });
  });

  it('goes on trying where executors cannot be started, and can be stopped all the same', async () => {
    const test = await start({ entry: '/nowhere/executor.js' });
    await until(() => (test.directory.executors()[0]?.restarts ?? 0) >= 2);
    expect(test.directory.executors()[0]?.state).toMatch(/BACKOFF|STARTING/);
    expect(test.log.some((line) => line.includes('Cannot find module'))).toBe(true);
  });

  it('tells why a model file cannot be had, and logs what must not be told', async () => {
    const test = await start();
    await untilReady(test);
    expect(await refusal(test.client.infer(simpleInference('a'.repeat(64))))).toBe('ARTIFACT_NOT_FOUND');
    test.files.pathOf = () => Promise.reject(new Error('disk on fire'));
    expect(await refusal(test.client.infer(simpleInference('b'.repeat(64))))).toBe('MODEL_LOAD_FAILED');
    expect(test.log.some((line) => line.startsWith('error A model file cannot be provided'))).toBe(true);
  });

  it('goes on where its state cannot be published', async () => {
    const test = await start();
    await untilReady(test);
    const publish = test.directory.publish.bind(test.directory);
    test.directory.publish = () => Promise.reject(new Error('no directory'));
    test.pool.resize(2);
    await until(() => test.log.some((line) => line.includes('cannot be published')));
    test.directory.publish = publish;
    await untilReady(test, 2);
  });

  it('leaves no orphan when its process is killed while a model never ends', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestor-test-host-'));
    const modelPath = join(folder, 'endless.onnx');
    await writeFile(modelPath, endlessLoopModel());
    const entry = await built('src/executor.main.js');
    const host = spawn(process.execPath, ['--input-type=module', '-e', hostScript(entry, modelPath)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(host.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      // Long enough for the executor to be deep in its loop, where it hears nothing.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(isAlive(pid)).toBe(true);
      host.kill('SIGKILL');
      await until(() => !isAlive(pid));
    } finally {
      host.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** A program that runs a pool of one executor, prints its pid and has it run a model. */
function hostScript(entry: string, modelPath: string): string {
  const modules = dirname(entry);
  const url = (path: string): string => JSON.stringify(join(modules, path));
  return `
    import { ExecutorPool } from ${url('modules/inference/pool/executor-pool.js')};
    import { ExecutorClient } from ${url('modules/inference/client/executor-client.js')};
    import { createHash } from 'node:crypto';
    import { readFileSync } from 'node:fs';
    const path = ${JSON.stringify(modelPath)};
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    let host;
    let changed = () => undefined;
    const directory = {
      publish: async (state) => { host = state; changed(); if (state.executors[0]?.state === 'READY') begin(state.executors[0].pid); },
      hosts: () => (host ? [host] : []),
      onChange: (listener) => { changed = listener; return () => undefined; },
    };
    let begin = (pid) => {
      begin = () => undefined;
      client.infer({ digest, descriptor: { batchable: true }, deadlineMs: 60000,
        tensors: [{ name: 'input', datatype: 'FP32', shape: [1, 4], data: new Uint8Array(16) }] }).catch(() => undefined);
      console.log(pid);
    };
    const client = new ExecutorClient(directory);
    await ExecutorPool.start({ entry: ${JSON.stringify(entry)}, memoryBytes: 2 ** 30, machine: { cores: 1, memoryBytes: 2 ** 30 }, runTimeoutMs: 60000, log: () => undefined,
      hostId: 'h', pool: 'default', executors: 1, devices: ['cpu'], cacheBytes: 2 ** 26, batchMs: 50, maxBatchRows: 8, maxLoads: 500,
      threads: 1, drainTimeoutMs: 1000, modelFiles: { pathOf: async () => path }, directory });
  `;
}

describe('ExecutorFolder', () => {
  it('removes what a killed process left behind, and nothing of one that lives', async () => {
    const first = await ExecutorFolder.create();
    const path = dirname(first.address('x').slice('unix:'.length));
    const left = path.replace(`-${process.pid}-`, '-4194305-');
    await mkdir(join(left, '0.1'), { recursive: true });
    const second = await ExecutorFolder.create();
    expect([existsSync(path), existsSync(left)]).toEqual([true, false]);
    await Promise.all([first.remove(), second.remove()]);
    expect(existsSync(path)).toBe(false);
  });
});

/** What the processes were told, by their own account. */
async function threadsOf(test: TestPool): Promise<unknown[]> {
  const told = await Promise.all(pids(test).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return told.flatMap((text) => /"threads":(\d+)/.exec(text)?.[1] ?? []);
}

describe('ExecutorPool.configure', () => {
  const resources = { devices: ['cpu'], threads: 1, memoryBytes: 1024 * 1024 * 1024, cacheBytes: 64 * 1024 * 1024 };

  it('replaces the executors one by one, without losing a request', async () => {
    const test = await start({ executors: 2 });
    const digest = await test.files.add(simpleModel());
    await untilReady(test, 2);
    const end = new AbortController();
    let fewest = 2;
    const caller = async (): Promise<number> => {
      let answers = 0;
      while (!end.signal.aborted) {
        await test.client.infer(simpleInference(digest));
        fewest = Math.min(fewest, test.directory.executors().filter(({ state }) => state === 'READY').length);
        answers += 1;
      }
      return answers;
    };
    const callers = Promise.all([caller(), caller(), caller()]);
    const before = pids(test);
    test.pool.configure({ ...resources, threads: 2, environment: { OMP_NUM_THREADS: '3' } });
    await until(() => pids(test).length === 2 && pids(test).every((pid) => !before.includes(pid)));
    end.abort();
    expect(Math.min(...(await callers))).toBeGreaterThan(0);
    expect(fewest).toBe(2);
    expect(await threadsOf(test)).toEqual(['2', '2']);
    for (const pid of pids(test)) {
      expect(await readFile(`/proc/${pid}/environ`, 'utf8')).toContain('OMP_NUM_THREADS=3');
    }
    const after = pids(test);
    test.pool.configure({ ...resources, threads: 2, environment: { OMP_NUM_THREADS: '3' } });
    await sleep(300);
    expect(pids(test)).toEqual(after);
  });

  it('keeps what works where the new settings do not, and takes better ones at once', async () => {
    const test = await start({ executors: 2 });
    const digest = await test.files.add(simpleModel());
    await untilReady(test, 2);
    const before = pids(test);
    // No process starts with so little.
    test.pool.configure({ ...resources, memoryBytes: 1024 * 1024 });
    await until(() => test.log.some((line) => line.startsWith('warn The executor')));
    await sleep(500);
    const serving = test.directory.executors().filter(({ state }) => state === 'READY');
    expect(new Set(serving.map(({ pid }) => pid))).toEqual(new Set(before));
    expect(await simpleSums(test, digest)).toEqual(Array(16).fill(2));
    test.pool.configure({ ...resources, threads: 2 });
    await until(() => pids(test).length === 2 && pids(test).every((pid) => !before.includes(pid)));
    await untilReady(test, 2);
    expect(await threadsOf(test)).toEqual(['2', '2']);
  });
});
