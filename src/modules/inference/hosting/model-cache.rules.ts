export interface CachedFile {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

/** An executor may be about to open a file that was asked for within this time, in milliseconds. */
const IN_USE_MS = 60_000;

/**
 * The files to remove so that the rest fits into `maxBytes`: the least recently used first, but none that may just be
 * opened, and never `keep`.
 */
export function filesToEvict(files: readonly CachedFile[], maxBytes: number, keep: string, now: number): string[] {
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const evicted: string[] = [];
  for (const file of files.toSorted((one, other) => one.usedAt - other.usedAt)) {
    if (bytes <= maxBytes) break;
    if (file.name === keep || now - file.usedAt < IN_USE_MS) continue;
    evicted.push(file.name);
    bytes -= file.bytes;
  }
  return evicted;
}
