import { hexOfDigest } from '../../../common/storage/digest.js';
import type { Residency } from '../../registry/serving/serving-policy.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import { placed, readyExecutors } from '../client/placement.rules.js';
import type { ExecutorHostState, ExecutorState } from '../protocol/executor-state.js';

export const modelStates = ['READY', 'LOADING', 'UNAVAILABLE'] as const;

/** Whether requests for a version are answered. */
export type ModelState = (typeof modelStates)[number];

/** How a version stands on one executor. */
export interface ModelInstance {
  /** Id of the executor. */
  readonly executor: string;
  readonly state: ModelState;
  /** Empty where there is nothing to say. */
  readonly reason: string;
}

export interface VersionState {
  readonly target: ServableVersion;
  readonly residency: Residency;
  readonly state: ModelState;
  readonly reason: string;
  /** Executors that hold it, load it, or were to and cannot. */
  readonly instances: readonly ModelInstance[];
}

/** How a version stands, as far as executors have told. */
export function stateOf(target: ServableVersion, hosts: readonly ExecutorHostState[]): VersionState {
  const residency = target.serving?.residency ?? 'ON_DEMAND';
  const digest = hexOfDigest(target.digest);
  const instances = hosts.flatMap(({ executors }) =>
    executors.flatMap((executor) => instanceOf(executor, digest) ?? []),
  );
  return { target, residency, instances, ...judge(target, residency, instances, hosts) };
}

function instanceOf(
  { id, state, models, loading, failures }: ExecutorState,
  digest: string,
): ModelInstance | undefined {
  if (state !== 'READY') return undefined;
  if (models.some((model) => model.digest === digest)) return { executor: id, state: 'READY', reason: '' };
  if (loading.includes(digest)) return { executor: id, state: 'LOADING', reason: '' };
  const failure = failures.find((failed) => failed.digest === digest);
  return failure && { executor: id, state: 'UNAVAILABLE', reason: failure.error.message };
}

/** One that is loaded on demand is ready before it is loaded: who asks for it waits, and is answered. */
function judge(
  target: ServableVersion,
  residency: Residency,
  instances: readonly ModelInstance[],
  hosts: readonly ExecutorHostState[],
): { readonly state: ModelState; readonly reason: string } {
  if (residency === 'UNLOADED') return { state: 'UNAVAILABLE', reason: 'unloaded' };
  const why = whyNowhere(target, hosts);
  if (why !== undefined) return { state: 'UNAVAILABLE', reason: why };
  if (residency === 'ON_DEMAND' || instances.some(({ state }) => state === 'READY')) {
    return { state: 'READY', reason: '' };
  }
  const failed = instances.find(({ state }) => state === 'UNAVAILABLE');
  const isLoading = instances.some(({ state }) => state === 'LOADING');
  if (failed === undefined || isLoading) return { state: 'LOADING', reason: 'loading' };
  return { state: 'UNAVAILABLE', reason: failed.reason };
}

/** Why no executor may run a version; undefined where one may. */
export function whyNowhere(
  { digest, serving }: ServableVersion,
  hosts: readonly ExecutorHostState[],
): string | undefined {
  const executors = readyExecutors(hosts);
  if (executors.length === 0) return 'no executor is ready';
  const name = hexOfDigest(digest);
  if (!executors.some((executor) => executor.mayRun(name))) {
    return 'it crashed or hung executors and is not run for a while';
  }
  if (placed(executors, name, serving?.policy ?? {}).length > 0) return undefined;
  return `its policy requires ${serving?.policy.device ?? ''}, which no executor uses`;
}
