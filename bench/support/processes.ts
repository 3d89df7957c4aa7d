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
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
      return match === null
        ? []
        : [{ pid: Number(match[1]), parent: Number(match[2]), rssKib: Number(match[3]), args: match[4] ?? '' }];
    });
  const family = new Set([root]);
  for (let grown = true; grown;) {
    const size = family.size;
    for (const row of rows) if (family.has(row.parent)) family.add(row.pid);
    grown = family.size > size;
  }
  return rows
    .filter((row) => family.has(row.pid))
    .map((row) => ({
      pid: row.pid,
      name: names.find(([pattern]) => pattern.test(row.args))?.[1] ?? row.args.slice(0, 30),
      residentMib: Math.round((row.rssKib * 1024) / MIB),
    }));
}
