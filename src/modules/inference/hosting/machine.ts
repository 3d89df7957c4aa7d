import { availableParallelism, totalmem } from 'node:os';
import type { MachineSize } from '../protocol/executor-state.js';

/** What this machine has, or its container is allowed. */
export function machineSize(): MachineSize {
  const allowed = process.constrainedMemory();
  const total = totalmem();
  // Without a limit it is 0, or larger than any machine.
  return { cores: availableParallelism(), memoryBytes: allowed > 0 && allowed < total ? allowed : total };
}
