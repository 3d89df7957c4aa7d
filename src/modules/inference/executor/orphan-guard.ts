import { Worker } from 'node:worker_threads';

/** How often the parent is looked for, in milliseconds. */
const INTERVAL_MS = 1_000;

/**
 * Runs on a thread of its own, since a model that never ends blocks the main one: where the host was killed at such a
 * moment, nothing else would ever end this process. An orphan is given to another parent.
 */
const guard = `
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, ${INTERVAL_MS});
`;

/** Ends this process, whatever it does, soon after its parent has ended. */
export function guardAgainstOrphanhood(): void {
  const worker = new Worker(guard, { eval: true, env: {}, resourceLimits: { maxOldGenerationSizeMb: 8 } });
  worker.unref();
}
