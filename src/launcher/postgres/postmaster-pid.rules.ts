/** What `postmaster.pid` in a data folder says of the server that wrote it. */
export interface PostmasterPid {
  readonly pid: number;
  readonly dataFolder: string;
}

/**
 * Reads `postmaster.pid` (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*): line 1 is the process id, line 2 the data folder.
 * @returns undefined for an empty or cut file, which a power-off leaves behind.
 */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const [first = '', dataFolder = ''] = text.split('\n');
  // A standalone backend writes its id negated.
  const pid = Math.abs(Number.parseInt(first, 10));
  if (!Number.isSafeInteger(pid) || pid === 0 || dataFolder === '') return undefined;
  return { pid, dataFolder };
}
