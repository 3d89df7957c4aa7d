/** What choosing needs to know of an executor. */
export interface Candidate {
  /** Requests that this client has given it and that are not answered. */
  readonly inFlight: number;
  mayRun(digest: string): boolean;
  holds(digest: string): boolean;
}

/** So many requests in flight more are accepted at an executor that holds the model before another one loads it too. */
const HOLDER_ADVANTAGE = 4;

/**
 * The executor with the fewest requests in flight, with a head start for those that hold the model.
 * @param turn a number that goes up with each call, so that equals take turns
 */
export function chooseExecutor<Executor extends Candidate>(
  candidates: readonly Executor[],
  digest: string,
  turn: number,
): Executor | undefined {
  let best: Executor | undefined;
  let leastLoad = Infinity;
  for (let index = 0; index < candidates.length; index += 1) {
    const candidate = candidates[(index + turn) % candidates.length];
    if (candidate === undefined || !candidate.mayRun(digest)) continue;
    const load = candidate.inFlight + (candidate.holds(digest) ? 0 : HOLDER_ADVANTAGE);
    if (load >= leastLoad) continue;
    best = candidate;
    leastLoad = load;
  }
  return best;
}
