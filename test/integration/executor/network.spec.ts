import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { InstallationSecret } from '../../../src/common/crypto/installation-secret.js';
import { ExecutorClient } from '../../../src/modules/inference/client/executor-client.js';
import type { NetworkEndpoint } from '../../../src/modules/inference/pool/network-endpoint.js';
import { parseAddress } from '../../../src/modules/inference/protocol/address.js';
import { executorKey } from '../../../src/modules/inference/protocol/executor-key.js';
import { encodeFrame, FrameKind } from '../../../src/modules/inference/protocol/frames.js';
import { requestMessage } from '../../../src/modules/inference/protocol/messages.js';
import { simpleModel } from '../../support/onnx/models.js';
import {
  MemoryDirectory,
  simpleInference,
  simpleSums,
  startPool,
  type TestPool,
  until,
  untilReady,
} from './harness.js';

const secret = new InstallationSecret('the secret of this installation');
const keyOf = (executor: string) => executorKey(secret, executor);
/** Loopback addresses of their own stand for other machines. */
const endpoint: NetworkEndpoint = { listen: 'tls://127.0.0.2:0', advertise: '127.0.0.2', keyOf };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(...options: Parameters<typeof startPool>): Promise<TestPool> {
  const test = await startPool({ endpoint, ...options[0] }, options[1] ?? { keyOf });
  closers.push(() => test.close());
  return test;
}

/** Where the first executor listens. */
function placeOf({ directory }: TestPool): { host: string; port: number } {
  const parsed = parseAddress(directory.executors()[0]?.address ?? '');
  if ('path' in parsed) throw new Error('It listens on a Unix socket.');
  return { host: parsed.host, port: parsed.firstPort };
}

function dial(place: { host: string; port: number }): Socket {
  const socket = connect(place);
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined);
  return socket;
}

/** All that is said until the other end closes. */
async function heardUntilClosed(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

/** Passes bytes on and keeps those that the client sends. */
async function eavesdrop(place: { host: string; port: number }): Promise<{ port: number; said: Buffer[] }> {
  const said: Buffer[] = [];
  const server: Server = createServer((client) => {
    const upstream = dial(place);
    client.on('error', () => undefined);
    client.on('data', (chunk: Buffer) => said.push(chunk));
    client.pipe(upstream).pipe(client);
    closers.push(() => client.destroy());
  });
  server.listen(0, '127.0.0.3');
  await once(server, 'listening');
  closers.push(() => server.close());
  const bound = server.address();
  return { port: typeof bound === 'object' ? (bound?.port ?? 0) : 0, said };
}

describe('executors on the network', () => {
  it('serve whoever knows the secret, and are told their own key only, out of sight', async () => {
    const test = await start({ executors: 2 });
    const digest = await test.files.add(simpleModel());
    const ready = await untilReady(test, 2);
    expect(ready[0]?.address).toMatch(/^tls:\/\/127\.0\.0\.2:\d+$/);
    const { outputs, executor } = await test.client.infer(simpleInference(digest, 5));
    expect(outputs[0]?.data.at(0)).toBe(6);
    for (const { id, pid } of ready) {
      const [arguments_, environment] = await Promise.all(
        ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid ?? 0}/${name}`)),
      );
      const { key } = keyOf(id);
      for (const form of [key.toString('base64'), key.toString('hex')]) {
        expect(arguments_?.includes(form)).toBe(false);
        expect(environment?.includes(form)).toBe(false);
      }
    }
    expect(ready.map(({ id }) => id)).toContain(executor);
  });

  it('hear nobody with another secret, who is told of it once', async () => {
    const test = await start();
    const digest = await test.files.add(simpleModel());
    await untilReady(test);
    const reported: string[] = [];
    const other = new InstallationSecret('the secret of another installation');
    const stranger = new ExecutorClient(test.directory, {
      keyOf: (executor) => executorKey(other, executor),
      onUnreachable: (executor) => reported.push(executor),
    });
    closers.push(() => stranger.close());
    await expect(stranger.infer({ ...simpleInference(digest), deadlineMs: 1_500 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(reported).toEqual([test.directory.executors()[0]?.id]);
    expect(await simpleSums(test, digest)).toEqual(Array(16).fill(2));
  });

  it('do not hear frames, garbage or what was recorded of another connection', async () => {
    const test = await start();
    const digest = await test.files.add(simpleModel());
    await untilReady(test);
    const place = placeOf(test);
    const [host] = test.directory.hosts();
    if (host === undefined) throw new Error('There is no host.');
    const tapped = await eavesdrop(place);
    const directory = new MemoryDirectory();
    const executors = host.executors.map((state) => ({ ...state, address: `tls://127.0.0.3:${tapped.port}` }));
    await directory.publish({ ...host, executors });
    const client = new ExecutorClient(directory, { keyOf });
    closers.push(() => client.close());
    await client.infer(simpleInference(digest));
    const before = test.files.asked.length;

    const { header, parts } = requestMessage({ ...simpleInference('0'.repeat(64)), batchable: true });
    const frame = Buffer.concat(encodeFrame(FrameKind.Infer, 1, header, parts));
    for (const words of [frame, Buffer.alloc(4_096, 7), Buffer.concat(tapped.said)]) {
      const socket = dial(place);
      socket.write(words);
      const heard = await heardUntilClosed(socket);
      expect(heard.includes('code')).toBe(false);
    }
    // A model that the executor does not hold would have been asked for.
    expect(test.files.asked).toHaveLength(before);
    expect(await simpleSums(test, digest)).toEqual(Array(16).fill(2));
  });

  it('bound how many may knock at once, and go on with those that are in', async () => {
    const test = await start();
    const digest = await test.files.add(simpleModel());
    await untilReady(test);
    await test.client.infer(simpleInference(digest));
    const sockets = Array.from({ length: 300 }, () => dial(placeOf(test)));
    await until(() => sockets.filter(({ destroyed }) => destroyed).length >= 300 - 256);
    expect(await simpleSums(test, digest)).toEqual(Array(16).fill(2));
    for (const socket of sockets) socket.destroy();
  });

  it('share out a range of ports, and say so where it is too small', async () => {
    const listen = 'tls://127.0.0.4:7100-7101';
    const test = await start({ executors: 3, endpoint: { ...endpoint, listen, advertise: '127.0.0.4' } });
    const ready = await untilReady(test, 2);
    expect(ready.map(({ address }) => address).sort()).toEqual(['tls://127.0.0.4:7100', 'tls://127.0.0.4:7101']);
    await until(() => test.log.some((line) => line.includes('None of the ports 7100 to 7101 of 127.0.0.4 is free')));
  });
});

describe('the client', () => {
  it('gives a request to another host where the first is lost, and does not wait for one that has vanished', async () => {
    const first = await start({ hostId: 'first', executors: 2 });
    const second = await start({
      hostId: 'second',
      endpoint: { ...endpoint, listen: 'tls://127.0.0.5:0', advertise: '127.0.0.5' },
    });
    const digest = await first.files.add(simpleModel());
    await second.files.add(simpleModel());
    await untilReady(first, 2);
    await untilReady(second);
    const both = new MemoryDirectory();
    const client = new ExecutorClient(both, { keyOf });
    closers.push(() => client.close());
    const firstHost = first.directory.hosts()[0];
    const secondHost = second.directory.hosts()[0];
    if (firstHost === undefined || secondHost === undefined) throw new Error('A host is missing.');
    await both.publish(firstHost);
    const pids = firstHost.executors.map(({ pid }) => pid ?? 0);
    await client.infer(simpleInference(digest));
    // They hold still, as if their machine had no power any more: nothing tells that the connection is dead.
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const waiting = client.infer(simpleInference(digest, 7));
    await both.publish(secondHost);
    await both.publish({ ...firstHost, executors: [] });
    await expect(waiting).resolves.toMatchObject({ executor: secondHost.executors[0]?.id });
  });
});
