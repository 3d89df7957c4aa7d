import type { MachineSize } from '../protocol/executor-state.js';
import type { ExecutorResources } from './executor-resources.js';

/** How many executors a machine has room for, so that each has its threads and its memory; at least one. */
export function roomFor({ cores, memoryBytes }: MachineSize, resources: ExecutorResources): number {
  const byCores = Math.floor(cores / resources.threads);
  const byMemory = Math.floor(memoryBytes / resources.memoryBytes);
  return Math.max(1, Math.min(byCores, byMemory));
}
