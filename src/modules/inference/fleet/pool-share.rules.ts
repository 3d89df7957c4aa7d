/**
 * How many of a pool's executors one of its workers hosts. Every worker reckons for itself, from the same list: shares
 * differ by one at most, and when a worker is gone the others take over what it had.
 * @param replicas executors of the pool.
 * @param hostId the worker that asks; it counts also where the list does not have it yet.
 * @param hosts ids of the pool's workers.
 */
export function shareOf(replicas: number, hostId: string, hosts: readonly string[]): number {
  const ordered = [...new Set([...hosts, hostId])].sort();
  const rank = ordered.indexOf(hostId);
  return Math.floor(replicas / ordered.length) + (rank < replicas % ordered.length ? 1 : 0);
}
