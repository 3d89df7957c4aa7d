import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { CodedError } from '../errors/coded-error.js';
import { ArtifactStore, type ByteRange, type StoredArtifact, type WriteOptions } from './artifact-store.js';
import { type Digest, digestOfHex, hexOfDigest } from './digest.js';
import { errnoOf, storageError } from './storage-errors.rules.js';
import { verifiedFile } from './verified-file.js';

/** A part file older than this belongs to no upload that still runs. */
const STALE_PART_MS = 24 * 3_600_000;

/**
 * Artifacts in a folder: `sha256/ab/cdef…` holds the bytes, `tmp/` what is being written. A file appears in `sha256/`
 * by a rename of complete, synced bytes, so it is whole even after a power failure. Several processes may share it.
 */
export class FolderArtifactStore extends ArtifactStore {
  private readonly partFolder: string;

  private constructor(private readonly root: string) {
    super();
    this.partFolder = join(root, 'tmp');
  }

  /** Opens the store, makes its folders and removes what writers that died left behind more than a day ago. */
  static async open(root: string): Promise<FolderArtifactStore> {
    const store = new FolderArtifactStore(root);
    await mkdir(store.partFolder, { recursive: true });
    await store.removeStaleParts();
    return store;
  }

  override async write(source: Readable, options: WriteOptions): Promise<StoredArtifact> {
    const part = this.partPath();
    try {
      const stored = await this.receive(source, part, options);
      if (options.expectedDigest !== undefined && options.expectedDigest !== stored.digest) {
        throw new CodedError(
          'DIGEST_MISMATCH',
          `The ${stored.sizeBytes} bytes received have the digest ${stored.digest}, not the announced ${options.expectedDigest}. Upload the file again.`,
        );
      }
      await options.beforeStored?.(stored.digest);
      await this.publish(part, stored.digest);
      return stored;
    } catch (thrown) {
      throw storageError(thrown);
    } finally {
      await rm(part, { force: true });
    }
  }

  override async read(digest: Digest, range: ByteRange = { start: 0 }): Promise<Readable> {
    try {
      const file = await open(this.localPath(digest), 'r');
      const { start, end = Infinity } = range;
      // Node counts the last byte in, and so cannot say that there is none.
      return file.createReadStream({ start, end: end - 1, highWaterMark: 256 * 1024 });
    } catch (thrown) {
      throw storageError(thrown, digest);
    }
  }

  override async stat(digest: Digest): Promise<{ sizeBytes: number } | null> {
    try {
      return { sizeBytes: (await stat(this.localPath(digest))).size };
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return null;
      throw thrown;
    }
  }

  override async fetchTo(digest: Digest, path: string, signal?: AbortSignal): Promise<void> {
    await verifiedFile(digest, path, (part) => linkOrCopy(this.localPath(digest), part), signal);
  }

  override async withFile<Result>(digest: Digest, use: (path: string) => Promise<Result>): Promise<Result> {
    const path = join(this.partFolder, `${randomUUID()}.artifact`);
    try {
      await this.fetchTo(digest, path);
      return await use(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  override localPath(digest: Digest): string {
    const hexadecimal = hexOfDigest(digest);
    return join(this.root, 'sha256', hexadecimal.slice(0, 2), hexadecimal.slice(2));
  }

  override async delete(digest: Digest): Promise<void> {
    await rm(this.localPath(digest), { force: true });
  }

  private partPath(): string {
    return join(this.partFolder, `${randomUUID()}.part`);
  }

  private async receive(source: Readable, part: string, options: WriteOptions): Promise<StoredArtifact> {
    const { maxBytes, signal } = options;
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const file = await open(part, 'wx', 0o600);
    const leave = () => source.destroy(new CodedError('CANCELLED', 'The upload was given up.'));
    signal?.addEventListener('abort', leave, { once: true });
    try {
      if (signal?.aborted === true) leave();
      for await (const chunk of source.iterator({ destroyOnReturn: false })) {
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
        sizeBytes += bytes.length;
        if (sizeBytes > maxBytes) {
          throw new CodedError('ARTIFACT_TOO_LARGE', `An artifact may have at most ${maxBytes} bytes.`);
        }
        hash.update(bytes);
        await file.writeFile(bytes);
      }
      await file.sync();
    } finally {
      signal?.removeEventListener('abort', leave);
      await file.close();
    }
    return { digest: digestOfHex(hash.digest('hex')), sizeBytes };
  }

  /** Replaces a file of the same name, which holds the same bytes, or is damaged and so repaired. */
  private async publish(part: string, digest: Digest): Promise<void> {
    const path = this.localPath(digest);
    await mkdir(dirname(path), { recursive: true });
    await rename(part, path);
    await syncFolder(dirname(path));
    await syncFolder(dirname(dirname(path)));
  }

  private async removeStaleParts(): Promise<void> {
    const before = Date.now() - STALE_PART_MS;
    for (const name of await readdir(this.partFolder)) {
      const path = join(this.partFolder, name);
      // Another process may be doing the same.
      const age = await stat(path).catch(() => null);
      if (age !== null && age.ctimeMs < before) await rm(path, { force: true });
    }
  }
}

/** A hard link costs nothing; other file systems, or ones without links, get a copy. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') throw thrown;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** Makes a rename survive a power failure. Systems that cannot open folders do without. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  if (folder === null) return;
  try {
    await folder.sync().catch(() => undefined);
  } finally {
    await folder.close();
  }
}
