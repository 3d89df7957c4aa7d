/**
 * Reads a line of `/proc/<pid>/stat` (proc(5)). The command's name stands in brackets and may itself hold spaces and
 * brackets, so fields are counted from the last one. Field 3 is the state, 4 the parent, 22 the start in ticks since boot.
 */
export function parseProcessStat(line: string): { zombie: boolean; parent: number; startTime: string } {
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const state = fields[0] ?? '';
  return {
    zombie: state === 'Z' || state === 'X',
    parent: Number(fields[4 - 3]),
    startTime: fields[22 - 3] ?? '',
  };
}
