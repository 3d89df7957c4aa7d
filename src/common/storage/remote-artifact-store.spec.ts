import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedError } from '../errors/coded-error.js';
import { InstallationSecret } from '../crypto/installation-secret.js';
import { artifactKey } from './artifact-key.js';
import { ArtifactStoreServer } from './artifact-store-server.js';
import { type Digest, digestOfHex } from './digest.js';
import { FolderArtifactStore } from './folder-artifact-store.js';
import { RemoteArtifactStore } from './remote-artifact-store.js';

const secret = new InstallationSecret('the secret of this installation');
const digestOf = (bytes: Uint8Array): Digest => digestOfHex(createHash('sha256').update(bytes).digest('hex'));
const coded = (code: string) => expect.objectContaining({ name: 'CodedError', code });
const absent = digestOf(Buffer.from('absent'));

let root: string;
let folder: FolderArtifactStore;
let server: ArtifactStoreServer;
let port: number;
let store: RemoteArtifactStore;

const storeWith = (known: InstallationSecret, to = port): RemoteArtifactStore =>
  new RemoteArtifactStore(
    { host: '127.0.0.1', firstPort: to, lastPort: to },
    artifactKey(known),
    join(root, 'scratch'),
  );

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nestor-store-'));
  folder = await FolderArtifactStore.open(join(root, 'artifacts'));
  server = new ArtifactStoreServer(folder, secret);
  port = await server.listen('127.0.0.1:0');
  store = storeWith(secret);
});

afterEach(async () => {
  await server.onApplicationShutdown();
  await rm(root, { recursive: true, force: true });
});

const write = (bytes: Uint8Array, options: Partial<Parameters<RemoteArtifactStore['write']>[1]> = {}) =>
  store.write(Readable.from([bytes], { objectMode: false }), { maxBytes: 10_000_000, ...options });
const refuse = () => Promise.reject(new CodedError('CANCELLED', 'Not wanted.'));
const leftParts = () => readdir(join(root, 'artifacts', 'tmp'));

describe('RemoteArtifactStore', () => {
  it('does with artifacts what the store of the other machine does', async () => {
    const bytes = randomBytes(3_000_000);
    const stored = await write(bytes);
    expect(stored).toEqual({ digest: digestOf(bytes), sizeBytes: bytes.length });
    const read = async (range?: { start: number; end?: number }) => buffer(await store.read(stored.digest, range));
    expect(bytes.equals(await buffer(await folder.read(stored.digest)))).toBe(true);
    expect(bytes.equals(await read())).toBe(true);
    expect(await read({ start: 10, end: 14 })).toEqual(bytes.subarray(10, 14));
    expect(await read({ start: 2_999_990 })).toEqual(bytes.subarray(2_999_990));
    expect(await store.stat(stored.digest)).toEqual({ sizeBytes: bytes.length });
    expect(store.localPath()).toBeNull();
    await store.fetchTo(stored.digest, join(root, 'fetched'));
    expect(bytes.equals(await readFile(join(root, 'fetched')))).toBe(true);
    expect(bytes.equals(await store.withFile(stored.digest, (path) => readFile(path)))).toBe(true);
    expect(await readdir(join(root, 'scratch'))).toEqual([]);
    await store.delete(stored.digest);
    expect(await store.stat(stored.digest)).toBeNull();
  });

  it('says what is not there, and refuses what the store refuses', async () => {
    await expect(store.read(absent)).rejects.toEqual(coded('ARTIFACT_NOT_FOUND'));
    await expect(store.fetchTo(absent, join(root, 'fetched'))).rejects.toEqual(coded('ARTIFACT_NOT_FOUND'));
    await expect(store.stat('sha256:../../etc/passwd')).rejects.toEqual(coded('INTERNAL_SERVER_ERROR'));
    await expect(store.stat(`sha256:${'A'.repeat(64)}`)).rejects.toEqual(coded('INVALID_INPUT'));
    await expect(write(Buffer.from('sent'), { expectedDigest: absent })).rejects.toEqual(coded('DIGEST_MISMATCH'));
    await vi.waitFor(async () => expect(await leftParts()).toEqual([]));
    expect(await store.stat(digestOf(Buffer.from('sent')))).toBeNull();
  });

  it('leaves nothing of a write that is too large or given up, and the source alive', async () => {
    const source = new PassThrough();
    source.write(Buffer.alloc(1_200));
    await expect(store.write(source, { maxBytes: 1_000 })).rejects.toEqual(coded('ARTIFACT_TOO_LARGE'));
    expect(source.destroyed).toBe(false);
    const abort = new AbortController();
    const endless = new PassThrough();
    endless.write(Buffer.alloc(1_200));
    const writing = store.write(endless, { maxBytes: 10_000, signal: abort.signal });
    await sleep(100);
    abort.abort();
    endless.end();
    await expect(writing).rejects.toEqual(coded('CANCELLED'));
    const broken = new PassThrough();
    const breaking = store.write(broken, { maxBytes: 10_000 });
    broken.write(Buffer.alloc(600));
    broken.destroy();
    await expect(breaking).rejects.toEqual(coded('CANCELLED'));
    await vi.waitFor(async () => expect(await leftParts()).toEqual([]));
  });

  it('tells what is to be stored before it is, and stores nothing where that fails', async () => {
    const bytes = randomBytes(1_000);
    const seen: unknown[] = [];
    const beforeStored = async (digest: Digest) => {
      seen.push(digest, await folder.stat(digest));
    };
    await write(bytes, { beforeStored });
    expect(seen).toEqual([digestOf(bytes), null]);
    const other = randomBytes(1_000);
    await expect(write(other, { beforeStored: refuse })).rejects.toEqual(coded('CANCELLED'));
    await vi.waitFor(async () => expect(await leftParts()).toEqual([]));
    expect(await folder.stat(digestOf(other))).toBeNull();
  });

  it('finds out about bytes that have changed', async () => {
    const { digest } = await write(Buffer.from('good'));
    await writeFile(folder.localPath(digest), 'evil');
    await expect(store.fetchTo(digest, join(root, 'fetched'))).rejects.toEqual(coded('ARTIFACT_CORRUPT'));
    expect((await readdir(root)).filter((name) => name.startsWith('fetched'))).toEqual([]);
  });

  it('says that the other end is away, or has another secret', async () => {
    const { digest } = await write(Buffer.from('good'));
    const stranger = storeWith(new InstallationSecret('the secret of another installation'));
    await expect(stranger.read(digest)).rejects.toThrow(/cannot be reached .*Both ends need the same NESTOR_SECRET/);
    await expect(stranger.read(digest)).rejects.toEqual(coded('SERVICE_UNAVAILABLE'));
    await expect(stranger.write(Readable.from([Buffer.from('x')]), { maxBytes: 10 })).rejects.toEqual(
      coded('SERVICE_UNAVAILABLE'),
    );
    await server.onApplicationShutdown();
    await expect(store.stat(digest)).rejects.toThrow(
      /The artifact store at 127\.0\.0\.1:\d+ cannot be reached \(.*\)\.$/,
    );
  });

  it('is heard by nobody without a key', async () => {
    const { digest } = await write(Buffer.from('good'));
    const refused = new Promise((resolve) => {
      const sent = request({ host: '127.0.0.1', port, path: `/artifacts/${digest}`, rejectUnauthorized: false });
      sent.once('error', resolve).once('response', resolve).end();
    });
    expect(await refused).toBeInstanceOf(Error);
  });
});
