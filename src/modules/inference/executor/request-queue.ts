import type { CodedError } from '../../../common/errors/coded-error.js';
import type { InferAnswer, InferRequest } from '../protocol/messages.js';
import { batchKey, inputBytes, rowsOf } from './batching.rules.js';

const HIGHEST_PRIORITY = 1;

/** A request that waits in an executor. Times are those of `performance.now()`. */
export class QueuedRequest {
  /** Rows it adds to a batch; undefined where it runs alone. */
  readonly rows: number | undefined;
  readonly bytes: number;
  /** Nobody waits for the answer any more: it was given, cancelled, or the caller left. */
  isDone = false;

  constructor(
    readonly request: InferRequest,
    readonly arrivedAt: number,
    private readonly answer: (result: InferAnswer | CodedError) => void,
  ) {
    this.rows = rowsOf(request);
    this.bytes = inputBytes(request);
  }

  get expiresAt(): number {
    return this.arrivedAt + this.request.deadlineMs;
  }

  get priority(): number {
    return this.request.priority ?? HIGHEST_PRIORITY;
  }

  /** Until when it may wait for others to share its batch. */
  get ripeAt(): number {
    const { batchDelayMs = 0, deadlineMs } = this.request;
    return this.arrivedAt + Math.min(batchDelayMs, deadlineMs / 2);
  }

  /** Answers once; later calls do nothing. */
  settle(result: InferAnswer | CodedError): void {
    if (this.isDone) return;
    this.isDone = true;
    this.answer(result);
  }
}

/** Requests that run together. */
export interface Batch {
  readonly digest: string;
  readonly members: readonly QueuedRequest[];
  /** Sum of the members' rows; undefined for one request that runs alone. */
  readonly rows: number | undefined;
}

/** Input bytes above which a batch takes no more members; joining copies them. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

/** Requests of one model that can be joined: by priority, and of one priority in the order of their arrival. */
type Group = QueuedRequest[];

/** A group whose turn it would be. */
interface Candidate {
  readonly key: string;
  readonly group: Group;
  readonly first: QueuedRequest;
}

type RowLimit = (request: InferRequest) => number;

/**
 * Requests that wait, kept by model and by what can be joined. Priorities order the requests of one model; models take
 * turns by how long their next request has waited, so that none can push another aside.
 */
export class RequestQueue {
  private readonly models = new Map<string, Map<string, Group>>();

  push(queued: QueuedRequest): void {
    const { digest } = queued.request;
    let groups = this.models.get(digest);
    if (groups === undefined) {
      groups = new Map();
      this.models.set(digest, groups);
    }
    const key = queued.rows === undefined ? 'alone' : batchKey(queued.request);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [queued]);
    else insert(group, queued);
  }

  hasModel(digest: string): boolean {
    return this.models.has(digest);
  }

  /**
   * Takes the next batch: that of the request that has waited longest among the models that can run, where each model
   * puts its request of the highest priority forward.
   * @param mayRun whether a model is at hand
   * @param rowLimit most rows of a batch of the request's model; a single request may have more
   * @param now batches that are neither full nor have waited as long as they may are left; see `nextRipeAt`
   */
  take(mayRun: (digest: string) => boolean, rowLimit: RowLimit, now = Infinity): Batch | undefined {
    let best: Candidate | undefined;
    for (const [digest, groups] of this.models) {
      if (!mayRun(digest)) continue;
      const candidate = nextOf(groups, rowLimit, now);
      if (candidate !== undefined && (best === undefined || candidate.first.arrivedAt < best.first.arrivedAt)) {
        best = candidate;
      }
    }
    return best && this.cut(best, rowLimit);
  }

  /** When the first of the batches that wait for more will have waited enough; undefined where none does. */
  nextRipeAt(mayRun: (digest: string) => boolean): number | undefined {
    let soonest: number | undefined;
    for (const [digest, groups] of this.models) {
      if (!mayRun(digest)) continue;
      for (const group of groups.values()) {
        const at = ripeAt(group);
        if (at !== undefined && (soonest === undefined || at < soonest)) soonest = at;
      }
    }
    return soonest;
  }

  /** Takes out everything that waits for a model. */
  remove(digest: string): QueuedRequest[] {
    const groups = this.models.get(digest);
    this.models.delete(digest);
    return groups === undefined ? [] : [...groups.values()].flat();
  }

  /** Drops requests that nobody waits for, and lets `expire` answer those whose deadline passed. */
  sweep(now: number, expire: (queued: QueuedRequest) => void): void {
    for (const [digest, groups] of this.models) {
      for (const [key, group] of groups) {
        if (!group.some((queued) => queued.isDone || queued.expiresAt <= now)) continue;
        for (const queued of group) if (!queued.isDone && queued.expiresAt <= now) expire(queued);
        this.keep(
          digest,
          groups,
          key,
          group.filter((queued) => !queued.isDone),
        );
      }
    }
  }

  private cut({ key, group, first }: Candidate, rowLimit: RowLimit): Batch {
    const { digest } = first.request;
    const count = first.rows === undefined ? 1 : fitting(group, rowLimit(first.request));
    const members = group.slice(0, count);
    const groups = this.models.get(digest);
    if (groups !== undefined) this.keep(digest, groups, key, group.slice(count));
    const rows = first.rows === undefined ? undefined : members.reduce((sum, member) => sum + (member.rows ?? 0), 0);
    return { digest, members, rows };
  }

  private keep(digest: string, groups: Map<string, Group>, key: string, group: Group): void {
    if (group.length > 0) groups.set(key, group);
    else groups.delete(key);
    if (groups.size === 0) this.models.delete(digest);
  }
}

/** Behind all of its own priority. */
function insert(group: Group, queued: QueuedRequest): void {
  let at = group.length;
  while (at > 0 && (group[at - 1]?.priority ?? 0) > queued.priority) at -= 1;
  if (at === group.length) group.push(queued);
  else group.splice(at, 0, queued);
}

/** The group of a model whose turn it is: of those that need not wait, the one whose first request comes first. */
function nextOf(groups: ReadonlyMap<string, Group>, rowLimit: RowLimit, now: number): Candidate | undefined {
  let best: Candidate | undefined;
  for (const [key, group] of groups) {
    const [first] = group;
    if (first === undefined || (best !== undefined && !comesBefore(first, best.first))) continue;
    if ((ripeAt(group) ?? 0) > now && !isFull(group, rowLimit(first.request))) continue;
    best = { key, group, first };
  }
  return best;
}

function comesBefore(one: QueuedRequest, other: QueuedRequest): boolean {
  return one.priority === other.priority ? one.arrivedAt < other.arrivedAt : one.priority < other.priority;
}

/** Until when a group may wait for more; undefined where it does not. All of it have the same delay, see `batchKey`. */
function ripeAt(group: Group): number | undefined {
  const [first] = group;
  if (first?.rows === undefined || first.request.batchDelayMs === undefined) return undefined;
  return group.reduce((soonest, queued) => Math.min(soonest, queued.ripeAt), Infinity);
}

/** Whether one more row would be too many. */
function isFull(group: Group, rowLimit: number): boolean {
  let rows = 0;
  for (const queued of group) {
    rows += queued.rows ?? 0;
    if (rows >= rowLimit) return true;
  }
  return false;
}

/** How many requests from the front of a group fit into one batch; at least one. */
function fitting(group: Group, rowLimit: number): number {
  let rows = 0;
  let bytes = 0;
  for (const [index, queued] of group.entries()) {
    rows += queued.rows ?? 0;
    bytes += queued.bytes;
    if (index > 0 && (rows > rowLimit || bytes > MAX_BATCH_BYTES)) return index;
  }
  return group.length;
}
