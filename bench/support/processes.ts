import { execFileSync } from 'node:child_process';

const MIB = 1024 * 1024;

/** One process of Nestor and the memory it holds, in MiB. */
export interface ProcessMemory {
  readonly pid: number;
  readonly name: string;
  readonly residentMib: number;
}

const names: readonly [RegExp, string][] = [
  [/executor\.main/, 'executor'],
  [/worker\.main/, 'worker'],
  [/src\/main\.js/, 'api'],
  [/start\.mjs|launcher\.main/, 'launcher'],
  [/postgres/, 'postgres'],
];

/** The processes below `root`, itself included, by `ps`. */
export function processesBelow(root: number): ProcessMemory[] {
  const rows = allProcesses();
  const family = new Set([root]);
  for (let grown = true; grown;) {
    const size = family.size;
    for (const row of rows) if (family.has(row.parent)) family.add(row.pid);
    grown = family.size > size;
  }
  return rows.filter((row) => family.has(row.pid)).map(memoryOf);
}

/** Which of the processes, told by their names, are still there. */
export function stillRunning(names: ReadonlyMap<number, string>): number[] {
  return allProcesses()
    .map(memoryOf)
    .filter(({ pid, name }) => names.get(pid) === name)
    .map(({ pid }) => pid);
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly rssKib: number;
  readonly args: string;
}

function allProcesses(): ProcessRow[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
      return match === null
        ? []
        : [{ pid: Number(match[1]), parent: Number(match[2]), rssKib: Number(match[3]), args: match[4] ?? '' }];
    });
}

const memoryOf = ({ pid, rssKib, args }: ProcessRow): ProcessMemory => ({
  pid,
  name: names.find(([pattern]) => pattern.test(args))?.[1] ?? args.slice(0, 30),
  residentMib: Math.round((rssKib * 1024) / MIB),
});
