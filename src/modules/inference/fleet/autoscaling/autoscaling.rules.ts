/** How a pool scales itself. */
export interface AutoscalingPolicy {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Mean time that requests may wait for an executor, in milliseconds. */
  readonly targetQueueMs: number;
  /** How long there must be too little to do before an executor is given up, in milliseconds. */
  readonly scaleDownDelayMs: number;
}

/** What was seen of a pool lately, by all processes together. */
export interface PoolLoad {
  readonly requests: number;
  /** Mean time that requests waited, in milliseconds; 0 where there were none. */
  readonly queueMs: number;
  /** Executors that would have done all of it without a pause. */
  readonly busyExecutors: number;
}

/** How a pool stands when it is decided about. Times are milliseconds since 1970. */
export interface ScalingState {
  readonly replicas: number;
  /** Executors that take requests. */
  readonly ready: number;
  /** Executors that the machines of its workers have room for. */
  readonly room: number;
  /** Since when there has been too little to do; null while there is enough. */
  readonly calmSince: number | null;
  /** When the number was last changed. */
  readonly scaledAt: number | null;
}

export interface ScalingDecision {
  readonly replicas: number;
  /** Why it is another number than before; null where it is the same. */
  readonly reason: string | null;
  readonly calmSince: number | null;
  /** Why it is not more; null where it need not be. */
  readonly heldBack: string | null;
}

/** Nothing is done up to so much above the target: a number that is right must not swing. */
const TOLERANCE = 1.1;
/** Below this part of the target there may be too little to do. */
const CALM_BELOW = 0.5;
/** How busy the executors that are left may be at most for one to be given up. */
const BUSY_AT_MOST = 0.7;
/**
 * Where there is less to do than this for each executor, more of them would not help: what waits then is a few requests,
 * for a model that is being loaded. Busy models show by the first number, fast ones by the second.
 */
const LOADED_FROM = { busy: 0.2, requests: 20 };
/** In one step a pool grows to twice its size at most. */
const GROWTH_LIMIT = 2;
/** What was measured before a change says nothing of what it brought, for so long, in milliseconds. */
const MEASURE_AFTER_MS = 5_000;
/** Executors that were started are waited for, but not for longer than this, in milliseconds. */
const START_WITHIN_MS = 30_000;

/** How many executors a pool is to have from now on: grows at once by what is missing, shrinks late and by one. */
export function decide(policy: AutoscalingPolicy, state: ScalingState, load: PoolLoad, now: number): ScalingDecision {
  const { minReplicas, maxReplicas, targetQueueMs } = policy;
  const { replicas } = state;
  if (replicas < minReplicas) return change(minReplicas, `at least ${minReplicas} are to be there`);
  if (replicas > maxReplicas) return change(maxReplicas, `at most ${maxReplicas} are to be there`);
  if (load.queueMs > targetQueueMs * TOLERANCE && isLoaded(replicas, load)) return grow(policy, state, load, now);
  return shrink(policy, state, load, now);
}

function isLoaded(replicas: number, { busyExecutors, requests }: PoolLoad): boolean {
  return busyExecutors >= LOADED_FROM.busy * replicas || requests >= LOADED_FROM.requests * replicas;
}

function grow(policy: AutoscalingPolicy, state: ScalingState, load: PoolLoad, now: number): ScalingDecision {
  const { replicas, ready, room, scaledAt } = state;
  const sinceChange = now - (scaledAt ?? -Infinity);
  const isAwaited = sinceChange < MEASURE_AFTER_MS || (ready < replicas && sinceChange < START_WITHIN_MS);
  if (isAwaited) return keep(replicas, null);
  const queueMs = Math.round(load.queueMs);
  const waited = `requests waited for ${queueMs} ms on average, the target is ${policy.targetQueueMs} ms`;
  const wanted = Math.ceil(Math.min(replicas * GROWTH_LIMIT, (replicas * load.queueMs) / policy.targetQueueMs));
  const limit = Math.min(policy.maxReplicas, room);
  const next = Math.max(replicas, Math.min(wanted, limit));
  const heldBack =
    wanted <= next
      ? null
      : policy.maxReplicas <= room
        ? `${waited}; ${wanted} executors would help, but at most ${policy.maxReplicas} are to be there`
        : `${waited}; ${wanted} executors would help, but the machines of the pool have room for ${room}`;
  return next === replicas ? keep(replicas, null, heldBack) : change(next, waited, heldBack);
}

function shrink(
  { minReplicas, targetQueueMs, scaleDownDelayMs }: AutoscalingPolicy,
  { replicas, calmSince }: ScalingState,
  { queueMs, busyExecutors }: PoolLoad,
  now: number,
): ScalingDecision {
  const wouldSuffice = busyExecutors <= BUSY_AT_MOST * (replicas - 1);
  if (replicas === minReplicas || queueMs > targetQueueMs * CALM_BELOW || !wouldSuffice) return keep(replicas, null);
  const since = calmSince ?? now;
  if (now - since < scaleDownDelayMs) return keep(replicas, since);
  const reason = `${replicas - 1} have sufficed for ${Math.round((now - since) / 1_000)} s`;
  return { replicas: replicas - 1, reason, calmSince: now, heldBack: null };
}

function change(replicas: number, reason: string, heldBack: string | null = null): ScalingDecision {
  return { replicas, reason, calmSince: null, heldBack };
}

function keep(replicas: number, calmSince: number | null, heldBack: string | null = null): ScalingDecision {
  return { replicas, reason: null, calmSince, heldBack };
}
