import { createHash, randomBytes } from 'node:crypto';
import { link, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedError } from '../errors/coded-error.js';
import { type Digest, digestOfFile, digestOfHex, isDigest } from './digest.js';
import { FolderArtifactStore } from './folder-artifact-store.js';
import { storageError } from './storage-errors.rules.js';

const MAX_BYTES = 1_000_000;
const digestOf = (bytes: Uint8Array): Digest => digestOfHex(createHash('sha256').update(bytes).digest('hex'));
const failure = (code: string) => Object.assign(new Error('from below'), { code });
const coded = (code: string) => expect.objectContaining({ name: 'CodedError', code });

let root: string;
let store: FolderArtifactStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nestor-store-'));
  store = await FolderArtifactStore.open(root);
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(root, { recursive: true, force: true });
});

const refuse = () => Promise.reject(new CodedError('CANCELLED', 'Not wanted.'));
const leftParts = () => readdir(join(root, 'tmp'));
const storedNames = async () =>
  (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;
const write = (bytes: Uint8Array, options: Partial<Parameters<FolderArtifactStore['write']>[1]> = {}) =>
  store.write(Readable.from([bytes], { objectMode: false }), { maxBytes: MAX_BYTES, ...options });

describe('FolderArtifactStore', () => {
  it('gives back what was written, under the digest of its bytes, for any split into chunks', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        const whole = Buffer.concat(parts);
        const stored = await store.write(Readable.from(parts.map((part) => Buffer.from(part))), { maxBytes: 3_000 });
        expect(stored).toEqual({ digest: digestOf(whole), sizeBytes: whole.length });
        expect(await buffer(await store.read(stored.digest))).toEqual(whole);
        expect(await store.stat(stored.digest)).toEqual({ sizeBytes: whole.length });
      }),
      { numRuns: 30 },
    );
    expect(await leftParts()).toEqual([]);
  });

  it('gives back a part of what was written', async () => {
    const { digest } = await write(Buffer.from('0123456789'));
    const read = async (start: number, end?: number) =>
      (await buffer(await store.read(digest, end === undefined ? { start } : { start, end }))).toString();
    expect(await Promise.all([read(0, 4), read(4, 5), read(7), read(8, 99)])).toEqual(['0123', '4', '789', '89']);
  });

  it('keeps identical content once, also when it is written at the same time', async () => {
    const bytes = randomBytes(100_000);
    const results = await Promise.all(Array.from({ length: 8 }, () => write(bytes)));
    expect(new Set(results.map((result) => result.digest))).toEqual(new Set([digestOf(bytes)]));
    expect(await storedNames()).toBe(1);
  });

  it('refuses more than the maximum as soon as it is passed, and leaves the source alive', async () => {
    const source = new PassThrough();
    source.write(Buffer.alloc(600));
    source.write(Buffer.alloc(600));
    await expect(store.write(source, { maxBytes: 1_000 })).rejects.toEqual(coded('ARTIFACT_TOO_LARGE'));
    expect(source.destroyed).toBe(false);
    source.destroy();
    expect(await storedNames()).toBe(0);
  });

  it('takes exactly the maximum', async () => {
    expect((await write(Buffer.alloc(1_000), { maxBytes: 1_000 })).sizeBytes).toBe(1_000);
  });

  it('refuses bytes that are not what was announced', async () => {
    const expectedDigest = digestOf(Buffer.from('announced'));
    await expect(write(Buffer.from('sent'), { expectedDigest })).rejects.toEqual(coded('DIGEST_MISMATCH'));
    await expect(write(Buffer.from('announced'), { expectedDigest })).resolves.toMatchObject({
      digest: expectedDigest,
    });
    expect(await storedNames()).toBe(1);
  });

  it('tells what is to be stored before it is, and stores nothing where that fails', async () => {
    const bytes = randomBytes(1_000);
    const seen: unknown[] = [];
    const beforeStored = async (digest: Digest) => {
      seen.push(digest, await store.stat(digest));
    };
    await write(bytes, { beforeStored });
    expect(seen).toEqual([digestOf(bytes), null]);
    const other = randomBytes(1_000);
    await expect(write(other, { beforeStored: refuse })).rejects.toEqual(coded('CANCELLED'));
    expect([await store.stat(digestOf(other)), await leftParts()]).toEqual([null, []]);
  });

  it('leaves nothing of a source that breaks', async () => {
    const source = new PassThrough();
    const writing = store.write(source, { maxBytes: MAX_BYTES });
    source.write(Buffer.alloc(600));
    source.destroy();
    await expect(writing).rejects.toEqual(coded('CANCELLED'));
    expect(await storedNames()).toBe(0);
  });

  it('gives up when the signal fires, before or while it reads', async () => {
    const early = new PassThrough();
    await expect(store.write(early, { maxBytes: 10, signal: AbortSignal.abort() })).rejects.toEqual(coded('CANCELLED'));
    const controller = new AbortController();
    const source = new PassThrough();
    const writing = store.write(source, { maxBytes: MAX_BYTES, signal: controller.signal });
    source.write(Buffer.alloc(600));
    controller.abort();
    await expect(writing).rejects.toEqual(coded('CANCELLED'));
    expect(await storedNames()).toBe(0);
  });

  it('fetches a verified file, whole or not at all', async () => {
    const bytes = randomBytes(50_000);
    const { digest } = await write(bytes);
    const target = join(root, 'fetched');
    await store.fetchTo(digest, target);
    await store.fetchTo(digest, target);
    expect(await readFile(target)).toEqual(bytes);
    expect((await readdir(root)).toSorted()).toEqual(['fetched', 'sha256', 'tmp']);
  });

  it('notices one flipped bit, and the same upload again repairs it', async () => {
    const bytes = randomBytes(50_000);
    const { digest } = await write(bytes);
    const damaged = Buffer.from(bytes);
    damaged[25_000] = (damaged[25_000] ?? 0) ^ 1;
    await writeFile(store.localPath(digest), damaged);
    const target = join(root, 'fetched');
    await expect(store.fetchTo(digest, target)).rejects.toEqual(coded('ARTIFACT_CORRUPT'));
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' });
    await write(bytes);
    await store.fetchTo(digest, target);
    expect(await readFile(target)).toEqual(bytes);
  });

  it('answers ARTIFACT_NOT_FOUND for what it does not hold', async () => {
    const digest = digestOf(Buffer.from('absent'));
    expect(await store.stat(digest)).toBeNull();
    await expect(store.read(digest)).rejects.toEqual(coded('ARTIFACT_NOT_FOUND'));
    await expect(store.fetchTo(digest, join(root, 'fetched'))).rejects.toEqual(coded('ARTIFACT_NOT_FOUND'));
    await expect(store.withFile(digest, () => Promise.resolve())).rejects.toEqual(coded('ARTIFACT_NOT_FOUND'));
  });

  it('lends a file that is gone afterwards, also when its user fails', async () => {
    const { digest } = await write(Buffer.from('lent'));
    const seen = await store.withFile(digest, async (path) => [path, (await readFile(path)).toString()] as const);
    expect(seen[1]).toBe('lent');
    await expect(stat(seen[0])).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(store.withFile(digest, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await leftParts()).toEqual([]);
  });

  it('deletes, and deleting again is fine', async () => {
    const { digest } = await write(Buffer.from('short-lived'));
    await store.delete(digest);
    await store.delete(digest);
    expect(await store.stat(digest)).toBeNull();
  });

  it('removes what dead writers left more than a day ago when it opens, and nothing else', async () => {
    await writeFile(join(root, 'tmp', 'orphan.part'), 'x');
    const { digest } = await write(Buffer.from('kept'));
    await FolderArtifactStore.open(root);
    expect(await leftParts()).toEqual(['orphan.part']);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 });
    await FolderArtifactStore.open(root);
    expect(await leftParts()).toEqual([]);
    expect(await store.stat(digest)).not.toBeNull();
  });

  it('does not take an old file that was linked just now for a stale one', async () => {
    const old = join(root, 'old');
    await writeFile(old, 'x');
    await utimes(old, 0, 0);
    await link(old, join(root, 'tmp', 'fresh.artifact'));
    await FolderArtifactStore.open(root);
    expect(await leftParts()).toEqual(['fresh.artifact']);
  });
});

describe('digests', () => {
  it('are told from other texts', () => {
    expect(isDigest(digestOf(Buffer.alloc(0)))).toBe(true);
    for (const text of [
      '',
      'sha256:',
      `sha256:${'A'.repeat(64)}`,
      `sha512:${'a'.repeat(64)}`,
      `sha256:${'a'.repeat(65)}`,
    ]) {
      expect(isDigest(text)).toBe(false);
    }
  });

  it('are computed from files', async () => {
    await writeFile(join(root, 'file'), 'abc');
    expect(await digestOfFile(join(root, 'file'))).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    await expect(digestOfFile(join(root, 'file'), AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
});

describe('storageError', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('tells of a full disk: %s', (errno) => {
    expect(storageError(failure(errno))).toEqual(coded('STORAGE_FULL'));
  });

  it('keeps coded errors and those it does not know, whose text must not reach a client', () => {
    const known = new CodedError('DIGEST_MISMATCH', 'as it was');
    const unknown = failure('EACCES');
    expect(storageError(known)).toBe(known);
    expect(storageError(unknown)).toBe(unknown);
    expect(storageError('text')).toBe('text');
    const missing = failure('ENOENT');
    expect(storageError(missing)).toBe(missing);
  });
});
