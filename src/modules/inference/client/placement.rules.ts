import { hash53 } from '../../../common/hashing/hash53.js';
import type { PlacementPolicy } from '../../registry/serving/serving-policy.js';
import type { ExecutorHostState } from '../protocol/executor-state.js';

/** What placing a model needs to know of an executor. */
export interface Placeable {
  /** `<slot>.<generation>`, see `ExecutorState`. */
  readonly id: string;
  /** `cpu` or `cuda:N`. */
  readonly effectiveDevice: string;
  mayRun(digest: string): boolean;
}

/**
 * The executors that may run a model, by rendezvous hashing: whoever asks gets the same ones, an executor that comes or
 * goes moves no more models than it must, and one that is replaced hands its models on to its successor.
 */
export function placed<Executor extends Placeable>(
  executors: readonly Executor[],
  digest: string,
  { device, isDeviceRequired = false, maxInstances = Infinity }: PlacementPolicy,
): readonly Executor[] {
  const able = executors.filter((executor) => executor.mayRun(digest));
  const matching = device === undefined ? able : able.filter(({ effectiveDevice }) => hasKind(effectiveDevice, device));
  const allowed = matching.length > 0 || isDeviceRequired ? matching : able;
  if (allowed.length <= maxInstances) return allowed;
  return allowed
    .map((executor) => ({ executor, rank: hash53(`${digest}\n${slotOf(executor.id)}`) }))
    .toSorted((one, other) => one.rank - other.rank || (one.executor.id < other.executor.id ? -1 : 1))
    .slice(0, maxInstances)
    .map(({ executor }) => executor);
}

/** Of those that may run a model, the ones that are to keep it loaded. */
export function keepers<Executor extends Placeable>(
  executors: readonly Executor[],
  digest: string,
  policy: PlacementPolicy,
): readonly Executor[] {
  return placed(executors, digest, { ...policy, maxInstances: policy.minInstances ?? 1 });
}

/** The executors that take requests. */
export function readyExecutors(hosts: readonly ExecutorHostState[]): readonly Placeable[] {
  return hosts.flatMap(({ executors, quarantined }) => {
    const refused = new Set(quarantined.map(({ digest }) => digest));
    const mayRun = (digest: string): boolean => !refused.has(digest);
    return executors
      .filter(({ state }) => state === 'READY')
      .map(({ id, effectiveDevice }) => ({ id, effectiveDevice, mayRun }));
  });
}

function hasKind(effectiveDevice: string, kind: string): boolean {
  return effectiveDevice.split(':')[0] === kind.toLowerCase();
}

function slotOf(id: string): string {
  const dot = id.lastIndexOf('.');
  return dot === -1 ? id : id.slice(0, dot);
}
