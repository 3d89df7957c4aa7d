import { open } from 'node:fs/promises';

/** Bytes that can be read from any place: a file, or a buffer. */
export interface WireSource {
  /** Length of the whole in bytes. */
  readonly size: number;
  /** Fills `target` from `position` on and answers how many bytes there were; fewer only at the end. */
  read(target: Uint8Array, position: number): Promise<number>;
}

export function bufferSource(bytes: Uint8Array): WireSource {
  return {
    size: bytes.length,
    read: (target, position) => {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return Promise.resolve(part.length);
    },
  };
}

/**
 * Opens a file for the time of `use`.
 * @throws what the file system throws; `not a regular file` counts as a file of no bytes.
 */
export async function withFileSource<Result>(
  path: string,
  use: (source: WireSource) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, 'r');
  try {
    const status = await file.stat();
    return await use({
      size: status.isFile() ? status.size : 0,
      read: async (target, position) => {
        let filled = 0;
        while (filled < target.length) {
          const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return filled;
      },
    });
  } finally {
    await file.close();
  }
}
