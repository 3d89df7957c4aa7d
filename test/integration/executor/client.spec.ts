import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '../../../src/common/errors/coded-error.js';
import { ExecutorClient } from '../../../src/modules/inference/client/executor-client.js';
import { encodeFrame, type Frame, FrameDecoder, FrameKind } from '../../../src/modules/inference/protocol/frames.js';
import { answerMessage, errorHeader } from '../../../src/modules/inference/protocol/messages.js';
import { MemoryDirectory, simpleInference, until } from './harness.js';
import { hostState } from './in-process.js';

/** An executor's side of the protocol, written out by hand so that it can misbehave. */
type Behaviour = (frame: Frame, socket: Socket, stub: Stub) => void;

class Stub {
  readonly received: Frame[] = [];
  readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(
    readonly path: string,
    behave: Behaviour,
  ) {
    this.server = createServer((socket) => {
      const decoder = new FrameDecoder();
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('data', (chunk) =>
        decoder.push(chunk, (frame) => {
          this.received.push(frame);
          behave(frame, socket, this);
        }),
      );
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(this.path, resolve));
    return this;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get requests(): Frame[] {
    return this.received.filter(({ kind }) => kind === FrameKind.Infer);
  }
}

const answers: Behaviour = ({ kind, id }, socket) => {
  if (kind !== FrameKind.Infer) return;
  const { header, parts } = answerMessage({ outputs: [], inferenceMs: 1, queueMs: 0, batchRows: 1 });
  for (const buffer of encodeFrame(FrameKind.Answer, id, header, parts)) socket.write(buffer);
};
const hangsUp: Behaviour = (_frame, socket) => socket.destroy();
const isSilent: Behaviour = () => undefined;

const digest = 'd'.repeat(64);
let folder: string;
let directory: MemoryDirectory;
const stubs: Stub[] = [];
const clients: ExecutorClient[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-test-'));
  directory = new MemoryDirectory();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(stubs.splice(0).map((stub) => stub.close()));
  await rm(folder, { recursive: true, force: true });
});

async function stub(name: string, behave: Behaviour): Promise<Stub> {
  const made = await new Stub(join(folder, name), behave).listen();
  stubs.push(made);
  return made;
}

function newClient(): ExecutorClient {
  const client = new ExecutorClient(directory);
  clients.push(client);
  return client;
}

/** A client that has a connection to each stub. */
async function connectedClient(): Promise<ExecutorClient> {
  const client = newClient();
  await until(() => stubs.every(({ sockets }) => sockets.size > 0));
  // The server's end of a connection may be there a moment before the client's.
  await sleep(10);
  return client;
}

function infer(client: ExecutorClient, more: object = {}) {
  return client.infer({ ...simpleInference(digest), ...more });
}

describe('ExecutorClient', () => {
  it('spreads what comes at once over executors that hold the model', async () => {
    const [a, b] = [await stub('a', answers), await stub('b', answers)];
    await directory.publish(hostState({ a: a.path, b: b.path }, { models: { a: digest, b: digest } }));
    const client = await connectedClient();
    const results = await Promise.all(Array.from({ length: 10 }, () => infer(client)));
    expect(results.filter(({ executor }) => executor === 'a')).toHaveLength(5);
    expect(b.requests).toHaveLength(5);
    expect(a.sockets.size).toBe(1);
  });

  it('stays with the executor that holds the model while it is not much busier', async () => {
    const [a, b] = [await stub('a', answers), await stub('b', answers)];
    await directory.publish(hostState({ a: a.path, b: b.path }, { models: { b: digest } }));
    const client = await connectedClient();
    await Promise.all(Array.from({ length: 4 }, () => infer(client)));
    expect([a.requests.length, b.requests.length]).toEqual([0, 4]);
  });

  it('tries once more at another executor when one is lost', async () => {
    const [bad, good] = [await stub('bad', hangsUp), await stub('good', answers)];
    await directory.publish(hostState({ bad: bad.path, good: good.path }, { models: { bad: digest } }));
    expect((await infer(newClient())).executor).toBe('good');
    expect(bad.requests).toHaveLength(1);
  });

  it('gives no request to an executor that it has not reached', async () => {
    const live = await stub('live', answers);
    const ends = { models: { dead: digest, live: digest } };
    await directory.publish(hostState({ dead: join(folder, 'nobody'), live: live.path }, ends));
    const client = newClient();
    const results = await Promise.all(Array.from({ length: 20 }, () => infer(client)));
    expect(new Set(results.map(({ executor }) => executor))).toEqual(new Set(['live']));
  });

  it('gives up when two are lost', async () => {
    const [a, b] = [await stub('a', hangsUp), await stub('b', hangsUp)];
    await directory.publish(hostState({ a: a.path, b: b.path }));
    await expect(infer(newClient())).rejects.toMatchObject({ code: 'EXECUTOR_LOST', retryAfterMs: 1_000 });
    expect(a.requests.length + b.requests.length).toBe(2);
  });

  it('connects again where an executor is there after all', async () => {
    let refuses = true;
    const flaky = await stub('flaky', (frame, socket, self) => {
      if (refuses) socket.destroy();
      else answers(frame, socket, self);
      refuses = false;
    });
    await directory.publish(hostState({ flaky: flaky.path }));
    expect((await infer(newClient())).executor).toBe('flaky');
  });

  it('waits for an executor that is being started, but not where there is none', async () => {
    const client = newClient();
    await expect(infer(client)).rejects.toMatchObject({ code: 'EXECUTORS_UNAVAILABLE', retryAfterMs: 1_000 });
    const late = await stub('late', answers);
    await directory.publish(hostState({ late: late.path }, { state: 'STARTING' }));
    const result = infer(client);
    await directory.publish(hostState({ late: late.path }));
    expect((await result).executor).toBe('late');
    await directory.publish(hostState({ late: late.path }, { state: 'DRAINING' }));
    await expect(infer(client)).rejects.toMatchObject({ code: 'EXECUTORS_UNAVAILABLE' });
  });

  it('waits no longer than the deadline, the caller or the client itself', async () => {
    await directory.publish(hostState({ never: join(folder, 'never') }, { state: 'STARTING' }));
    const client = newClient();
    await expect(infer(client, { deadlineMs: 20 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const abort = new AbortController();
    const waiting = infer(client, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    const last = infer(client);
    client.close();
    await expect(last).rejects.toMatchObject({ code: 'EXECUTORS_UNAVAILABLE' });
  });

  it('tells the executor when the deadline has passed or the caller has left', async () => {
    const silent = await stub('silent', isSilent);
    await directory.publish(hostState({ silent: silent.path }));
    const client = newClient();
    await expect(infer(client, { deadlineMs: 20 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const abort = new AbortController();
    const cancelled = infer(client, { signal: abort.signal });
    await until(() => silent.requests.length === 2);
    abort.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await until(() => silent.received.length === 4);
    const ids = silent.requests.map(({ id }) => id);
    const cancels = silent.received.filter(({ kind }) => kind === FrameKind.Cancel);
    expect(cancels.map(({ id }) => id)).toEqual(ids);
  });

  it('passes on what the executor refuses', async () => {
    const refusing = await stub('refusing', ({ id }, socket) => {
      const error = errorHeader(new CodedError('INVALID_TENSOR', 'No such input.'));
      for (const buffer of encodeFrame(FrameKind.Error, id, error)) socket.write(buffer);
    });
    await directory.publish(hostState({ refusing: refusing.path }));
    const refused = { code: 'INVALID_TENSOR', message: 'No such input.' };
    await expect(infer(newClient())).rejects.toMatchObject(refused);
  });

  it('gives a model that one host has quarantined to others, and refuses it where all have', async () => {
    const [a, b] = [await stub('a', answers), await stub('b', answers)];
    await directory.publish(hostState({ a: a.path }, { quarantined: [digest], models: { a: digest } }));
    await directory.publish({ ...hostState({ b: b.path }), hostId: 'other' });
    const client = newClient();
    expect((await infer(client)).executor).toBe('b');
    await directory.publish({ ...hostState({ b: b.path }, { quarantined: [digest] }), hostId: 'other' });
    await expect(infer(client)).rejects.toMatchObject({ code: 'MODEL_QUARANTINED', retryAfterMs: expect.any(Number) as number }); // prettier-ignore
    expect((await infer(client, { digest: 'e'.repeat(64) })).executor).toMatch(/[ab]/);
    expect(a.requests.length + b.requests.length).toBe(2);
  });

  it('sends nothing more to an executor that says it goes away, and leaves it when all is answered', async () => {
    const leaving = await stub('leaving', (frame, socket, self) => {
      for (const buffer of encodeFrame(FrameKind.GoAway, 0, null)) socket.write(buffer);
      setTimeout(() => answers(frame, socket, self), 20);
    });
    const other = await stub('other', answers);
    await directory.publish(hostState({ leaving: leaving.path, other: other.path }, { models: { leaving: digest } }));
    const client = newClient();
    expect((await infer(client)).executor).toBe('leaving');
    expect((await infer(client)).executor).toBe('other');
    await until(() => leaving.sockets.size === 0);
    expect(leaving.requests).toHaveLength(1);
  });

  it('takes an executor that does not keep to the protocol for lost', async () => {
    const odd = await stub('odd', (_frame, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const confused = await stub('confused', ({ id }, socket) => {
      for (const buffer of encodeFrame(FrameKind.Infer, id, {})) socket.write(buffer);
    });
    await directory.publish(hostState({ odd: odd.path, confused: confused.path }));
    await expect(infer(newClient())).rejects.toMatchObject({ code: 'EXECUTOR_LOST' });
  });

  it('refuses inputs that no frame can carry', async () => {
    const a = await stub('a', answers);
    await directory.publish(hostState({ a: a.path }));
    const data = new Uint8Array(300 * 1024 * 1024);
    const tensor = { name: 'x', datatype: 'UINT8', shape: [data.byteLength], data } as const;
    await expect(infer(newClient(), { tensors: [tensor, tensor] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
