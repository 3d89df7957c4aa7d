import type { ExecutorHostState } from '../protocol/executor-state.js';

/** What is known of the executors that a request was lost with. */
export interface Losses {
  /** Those that ended by the request's own model. */
  readonly blamed: number;
  /** Those of which no host has said yet why they ended. */
  readonly unexplained: number;
}

/** @param lost ids of the executors. @param digest of the model that was to be run. */
export function lossesOf(
  hosts: readonly Pick<ExecutorHostState, 'endings'>[],
  lost: readonly string[],
  digest: string,
): Losses {
  const endings = hosts.flatMap((host) => host.endings);
  const told = lost.map((id) => endings.find(({ executor }) => executor === id));
  return {
    blamed: told.filter((ending) => ending?.digest === digest).length,
    unexplained: told.filter((ending) => ending === undefined).length,
  };
}
