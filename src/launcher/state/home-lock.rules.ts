import { z } from 'zod';
import type { ProcessFacts } from './process-facts.js';

/** One launcher's claim on a state folder. */
export const claimSchema = z.object({
  pid: z.number().int().positive(),
  /** As `ProcessFacts.startTime`; empty where the platform does not tell. */
  startTime: z.string(),
  bootId: z.string(),
  claimedAt: z.string(),
});
export type Claim = z.infer<typeof claimSchema>;

/** @returns undefined for what is not a claim, such as a file cut short by a power-off. */
export function parseClaim(text: string): Claim | undefined {
  try {
    return claimSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Whether the process that made a claim still lives. A process id alone proves nothing: ids are used again after a
 * crash, and in a container the launcher has the same small one at every start.
 */
export function isHeld(claim: Claim, facts: ProcessFacts | undefined, currentBootId: string): boolean {
  if (claim.bootId !== currentBootId || facts === undefined || facts.zombie) return false;
  return claim.startTime === '' || facts.startTime === undefined || facts.startTime === claim.startTime;
}
