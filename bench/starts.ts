import { newHome, removeHome, startNestor } from './support/nestor.js';
import { processesBelow } from './support/processes.js';
import type { Row } from './support/report.js';

const SECOND_START_LIMIT_MS = 10_000;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** Time of the first and second `npm start` (dependencies installed and built), and what each process holds when idle. */
export async function starts(): Promise<Row[]> {
  const home = newHome();
  try {
    const first = await startNestor(home);
    await first.stop();
    const second = await startNestor(home);
    const processes = processesBelow(second.pid);
    await second.stop();
    const memory = new Map<string, number>();
    for (const { name, residentMib } of processes) memory.set(name, (memory.get(name) ?? 0) + residentMib);
    return [
      { what: 'first `npm start`', figure: seconds(first.startedInMs) },
      {
        what: 'second `npm start`',
        figure: seconds(second.startedInMs),
        against: `limit ${seconds(SECOND_START_LIMIT_MS)}`,
        ratio: SECOND_START_LIMIT_MS / second.startedInMs,
        aim: 1,
      },
      ...[...memory].map(([name, mib]) => ({ what: `idle memory of ${name}`, figure: `${mib} MiB` })),
    ];
  } finally {
    await removeHome(home);
  }
}
