import { createHash } from 'node:crypto';
import { constants, createWriteStream, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { type Digest, digestOfHex } from '../../../../common/storage/digest.js';
import type { FileMark, FoundFile } from '../found-file.js';

const PIECE_BYTES = 1024 * 1024;

/** Whether a path is a folder or lies below it; both must be real paths. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

/** A file in a folder, held open: what is read of it is what was checked, whatever becomes of its name. */
export class FolderFile implements FoundFile {
  private constructor(
    private readonly handle: FileHandle,
    readonly mark: FileMark,
  ) {}

  /**
   * @param folder a real path. @param name of the file in it.
   * @returns undefined where there is no such file, or none that is a plain file of this folder: links that leave it count as
   * nothing.
   */
  static async open(folder: string, name: string): Promise<FolderFile | undefined> {
    let handle: FileHandle | undefined;
    try {
      const path = join(folder, name);
      // A pipe would be waited for, and opening a device may do something.
      if (!(await stat(path)).isFile()) return undefined;
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const opened = await handle.stat();
      const real = await realpath(path);
      if (opened.isFile() && isWithin(real, folder) && isSameFile(opened, await stat(real))) {
        return new FolderFile(handle, markOf(opened));
      }
    } catch (error) {
      await handle?.close();
      if (isGone(error)) return undefined;
      throw error;
    }
    await handle.close();
    return undefined;
  }

  async copyTo(path: string, signal: AbortSignal | undefined): Promise<Digest | undefined> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const counted = new Transform({
      transform: (piece: Buffer, _, done) => {
        hash.update(piece);
        sizeBytes += piece.length;
        // What grows while it is read is not ready yet.
        done(null, sizeBytes > this.mark.sizeBytes ? null : piece);
      },
    });
    try {
      const file = this.handle.createReadStream({ autoClose: false, highWaterMark: PIECE_BYTES, start: 0 });
      await pipeline(file, counted, createWriteStream(path), signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted === true) throw new CodedError('CANCELLED', 'The work was cancelled.', { cause: error });
      throw error;
    }
    const now = markOf(await this.handle.stat());
    const isAsBefore = sizeBytes === this.mark.sizeBytes && now.modifiedMs === this.mark.modifiedMs;
    return isAsBefore ? digestOfHex(hash.digest('hex')) : undefined;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

const markOf = ({ size, mtimeMs }: Stats): FileMark => ({ sizeBytes: size, modifiedMs: mtimeMs });

const isSameFile = (one: Stats, other: Stats): boolean => one.dev === other.dev && one.ino === other.ino;

/** Whether a path cannot be read as somebody else removed, moved or protected it. */
const isGone = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENXIO', 'ENAMETOOLONG'].includes(String(error.code));
