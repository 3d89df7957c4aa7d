import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesBelow, stillRunning } from './processes.js';

/** How long the program may take to end by itself; Nestor gives work in flight 10 s. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 100;

/**
 * Runs a program for the bench and ends it, with all that it started, when the bench says so or is gone, however that
 * went: a bench that was killed can end nothing. Then its folder is removed, too.
 */
const [folder = '', program = '', ...parameters] = process.argv.slice(2);
const child = spawn(program, parameters, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
const exited = once(child, 'exit');

async function end(): Promise<void> {
  const family = new Map<number, string>();
  const deadline = Date.now() + PATIENCE_MS;
  for (let asked = false; child.exitCode === null && child.signalCode === null && Date.now() < deadline; asked = true) {
    // Some start processes in sessions of their own, which would be nobody's once they end.
    for (const { pid, name } of processesBelow(child.pid ?? 0)) family.set(pid, name);
    if (!asked) child.kill('SIGTERM');
    await Promise.race([exited, sleep(LOOK_EVERY_MS)]);
  }
  for (const pid of stillRunning(family)) process.kill(pid, 'SIGKILL');
}

let isEnding = false;
process.on('message', () => {
  isEnding = true;
  void end().then(() => process.disconnect());
});
process.on('disconnect', () => {
  if (isEnding) return;
  isEnding = true;
  void end()
    .then(() => rm(folder, { recursive: true, force: true }))
    .then(() => process.exit(1));
});
// Who ends the bench also ends this by the channel, and not before the program has ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

process.send?.({ pid: child.pid });
const [code] = (await exited) as [number | null];
if (!isEnding) process.exit(code ?? 1);
