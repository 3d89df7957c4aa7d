import { EventEmitter, once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { elementsOf } from '../../../src/common/tensor/tensor-json.js';
import { ExecutorClient } from '../../../src/modules/inference/client/executor-client.js';
import { runExecutorProcess } from '../../../src/modules/inference/executor/executor-process.js';
import type { ServeSettings } from '../../../src/modules/inference/protocol/control.js';
import { encodeFrame, FrameKind } from '../../../src/modules/inference/protocol/frames.js';
import { requestMessage } from '../../../src/modules/inference/protocol/messages.js';
import { heavyModel, simpleModel } from '../../support/onnx/models.js';
import { digestOf, floats, MemoryDirectory, simpleInference, simpleInputs, until } from './harness.js';
import { hostState, type InProcessExecutor, startInProcess } from './in-process.js';

interface Running extends InProcessExecutor {
  readonly client: ExecutorClient;
  readonly directory: MemoryDirectory;
  readonly add: (bytes: Uint8Array, digest?: string) => Promise<string>;
}

let running: Running | undefined;

async function start(settings: Partial<ServeSettings> = {}): Promise<Running> {
  const executor = await startInProcess(settings);
  const directory = new MemoryDirectory();
  await directory.publish(hostState({ one: executor.socketPath }));
  const add = async (bytes: Uint8Array, digest = digestOf(bytes)): Promise<string> => {
    const path = join(executor.folder, `${digest}.onnx`);
    await writeFile(path, bytes);
    executor.host.paths.set(digest, path);
    return digest;
  };
  running = { ...executor, client: new ExecutorClient(directory), directory, add };
  return running;
}

afterEach(async () => {
  running?.client.close();
  await running?.close();
  running = undefined;
});

function heavy(digest: string, deadlineMs = 20_000) {
  const tensors = [
    floats(
      'input',
      [1, 16],
      Array.from({ length: 16 }, () => 1),
    ),
  ];
  return { digest, descriptor: { batchable: true }, tensors, deadlineMs };
}

describe('an executor that serves', () => {
  it('answers, tells its state and what it runs', async () => {
    const { client, host, add } = await start();
    const digest = await add(simpleModel());
    const results = await Promise.all([1, 2, 3].map((first) => client.infer(simpleInference(digest, first))));
    expect(results.map(({ outputs }) => outputs.map((output) => elementsOf(output)[0]))).toEqual([[2, 0], [3, 1], [4, 2]]); // prettier-ignore
    for (const { executor, inferenceMs, queueMs } of results) {
      expect(executor).toBe('one');
      expect(inferenceMs).toBeGreaterThan(0);
      expect(queueMs).toBeGreaterThan(0);
    }
    await until(() => host.statuses.at(-1)?.models.length === 1 && host.statuses.at(-1)?.inFlight === 0);
    expect(host.statuses.map(({ state }) => state).slice(0, 2)).toEqual(['STARTING', 'READY']);
    expect(host.statuses.at(-1)).toMatchObject({
      models: [{ digest, bytes: simpleModel().byteLength }],
      inFlight: 0,
      loads: 1,
      deviceError: null,
    });
    expect(host.sent.filter(({ type }) => type === 'running')).toEqual([{ type: 'running', digest }]);
  });

  it('refuses a file that has another digest, that is gone, or that the host does not give', async () => {
    const { client, host, add } = await start();
    const wrong = await add(simpleModel(), '0'.repeat(64));
    await expect(client.infer(simpleInference(wrong))).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    host.paths.set('gone', '/nowhere/model.onnx');
    await expect(client.infer(simpleInference('gone'))).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
    const refused = { code: 'MODEL_QUARANTINED', retryAfterMs: 5 };
    await expect(client.infer(simpleInference('refused'))).rejects.toMatchObject(refused);
  });

  it('says so where CUDA cannot be used, and serves on the CPU', async () => {
    const { client, host, add } = await start({ device: 'cuda:0' });
    const digest = await add(simpleModel());
    expect((await client.infer(simpleInference(digest))).outputs).toHaveLength(2);
    const { effectiveDevice, deviceError } = host.statuses.at(-1) ?? {};
    // On a machine that has CUDA there is nothing to fall back from.
    if (effectiveDevice === 'cpu') expect(deviceError).toMatch(/cuda/i);
    else expect([effectiveDevice, deviceError]).toEqual(['cuda:0', null]);
  });

  it('survives clients that leave in the middle of a frame, or before their answer', async () => {
    const { client, socketPath, add } = await start();
    const digest = await add(simpleModel());
    const { header, parts } = requestMessage({ digest, batchable: true, deadlineMs: 1_000, tensors: simpleInputs(1) });
    const frame = Buffer.concat(encodeFrame(FrameKind.Infer, 1, header, parts));
    for (const bytes of [frame.subarray(0, 40), frame]) {
      const socket = connect(socketPath);
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.destroy();
      await once(socket, 'close');
    }
    expect((await client.infer(simpleInference(digest))).outputs).toHaveLength(2);
  });

  it.each([
    ['no frames', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame of its own kind', Buffer.concat(encodeFrame(FrameKind.Answer, 1, {}))],
    ['a request without fields', Buffer.concat(encodeFrame(FrameKind.Infer, 1, {}))],
  ])('closes a connection that sends %s, and serves the others', async (_what, bytes) => {
    const { client, socketPath, add } = await start();
    const digest = await add(simpleModel());
    const socket = connect(socketPath);
    socket.on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
    expect((await client.infer(simpleInference(digest))).outputs).toHaveLength(2);
  });

  it('does not run what was cancelled or came too late', async () => {
    const { client, host, add } = await start();
    const digest = await add(heavyModel({ multiplications: 4 }));
    await client.infer(heavy(digest));
    const abort = new AbortController();
    const cancelled = client.infer({ ...heavy(digest), signal: abort.signal });
    abort.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(client.infer({ ...heavy(digest), signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(client.infer(heavy(digest, 0))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(client.infer(heavy('never', 30))).rejects.toMatchObject({ code: expect.any(String) as string });
    await until(() => host.statuses.at(-1)?.inFlight === 0);
  });

  it('finishes what it has when it is drained, and lets its clients go', async () => {
    const { client, serving, host, add } = await start();
    const digest = await add(heavyModel({ multiplications: 4 }));
    await client.infer(heavy(digest));
    const results = Promise.all(Array.from({ length: 20 }, () => client.infer(heavy(digest))));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await serving.drain();
    expect(await results).toHaveLength(20);
    expect(host.statuses.at(-1)?.state).toBe('DRAINING');
  });
});

/** As much of `process` as an executor uses. */
class FakeProcess extends EventEmitter {
  connected = true;
  readonly messages: unknown[] = [];
  readonly exits: number[] = [];

  constructor(readonly argv: readonly string[]) {
    super();
  }

  send(message: unknown): void {
    this.messages.push(message);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  run(): Promise<void> {
    return runExecutorProcess(this as unknown as NodeJS.Process);
  }
}

describe('an executor process', () => {
  const limits = { cacheBytes: 1, batchMs: 1, maxBatchRows: 1, heartbeatMs: 1_000 };

  it.each(['drain', 'SIGTERM', 'disconnect'])('ends on %s, and takes no notice of SIGINT', async (way) => {
    const { folder } = await start();
    const address = `unix:${join(folder, 'p.sock')}`;
    const settings: ServeSettings = {
      mode: 'serve',
      device: 'cpu',
      threads: 1,
      emptyFolder: folder,
      address,
      ...limits,
    };
    const child = new FakeProcess(['node', 'executor', JSON.stringify(settings)]);
    await child.run();
    child.emit('SIGINT');
    expect(child.exits).toEqual([]);
    if (way === 'drain') child.emit('message', { type: 'drain' });
    else child.emit(way);
    await until(() => child.exits.length > 0);
    expect(child.exits).toEqual([0]);
    // A real process would have ended on 'disconnect'; this one is still there.
    if (way === 'disconnect') child.emit('SIGTERM');
    if (way === 'disconnect') await until(() => child.exits.length > 1);
    child.connected = false;
    await expect(stat(join(folder, 'p.sock'))).rejects.toThrow('ENOENT');
  });

  it('drains at once where it was asked to before it was ready', async () => {
    const { folder } = await start();
    const address = `unix:${join(folder, 'p.sock')}`;
    const settings: ServeSettings = {
      mode: 'serve',
      device: 'cpu',
      threads: 1,
      emptyFolder: folder,
      address,
      ...limits,
    };
    const child = new FakeProcess(['node', 'executor', JSON.stringify(settings)]);
    const started = child.run();
    child.emit('SIGTERM');
    await started;
    await until(() => child.exits.length > 0);
    expect(child.exits).toEqual([0]);
  });

  it('inspects a model, and says why it cannot', async () => {
    const { folder, add, host } = await start();
    const digest = await add(simpleModel());
    const path = host.paths.get(digest) ?? '';
    for (const wanted of [digest, '0'.repeat(64)]) {
      const settings = { mode: 'inspect', device: 'cpu', threads: 1, emptyFolder: folder, path, digest: wanted };
      const child = new FakeProcess(['node', 'executor', JSON.stringify(settings)]);
      await child.run();
      expect(child.messages.map((message) => (message as { type: string }).type)).toEqual([
        'running',
        wanted === digest ? 'inspected' : 'inspectionFailed',
      ]);
    }
  });
});
