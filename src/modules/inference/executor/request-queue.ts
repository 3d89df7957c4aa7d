import type { CodedError } from '../../../common/errors/coded-error.js';
import type { InferAnswer, InferRequest } from '../protocol/messages.js';
import { batchKey, inputBytes, rowsOf } from './batching.rules.js';

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

/** Requests in the order of their arrival, kept by what can be joined. */
export class RequestQueue {
  private readonly groups = new Map<string, QueuedRequest[]>();

  push(queued: QueuedRequest): void {
    const key = queued.rows === undefined ? `${queued.request.digest} alone` : batchKey(queued.request);
    const group = this.groups.get(key);
    if (group === undefined) this.groups.set(key, [queued]);
    else group.push(queued);
  }

  hasModel(digest: string): boolean {
    return [...this.groups.values()].some((group) => group[0]?.request.digest === digest);
  }

  /**
   * Takes the next batch: that of the request that has waited longest among the models that can run.
   * @param mayRun whether a model is at hand
   * @param rowLimit most rows of a batch of the request's model; a single request may have more
   */
  take(mayRun: (digest: string) => boolean, rowLimit: (request: InferRequest) => number): Batch | undefined {
    const [key, group] = this.oldest(mayRun) ?? [];
    const [first] = group ?? [];
    if (key === undefined || group === undefined || first === undefined) return undefined;
    const { digest } = first.request;
    const count = first.rows === undefined ? 1 : fitting(group, rowLimit(first.request));
    const members = group.splice(0, count);
    if (group.length === 0) this.groups.delete(key);
    const rows = first.rows === undefined ? undefined : members.reduce((sum, member) => sum + (member.rows ?? 0), 0);
    return { digest, members, rows };
  }

  /** Takes out everything that waits for a model. */
  remove(digest: string): QueuedRequest[] {
    const removed: QueuedRequest[] = [];
    for (const [key, group] of this.groups) {
      if (group[0]?.request.digest !== digest) continue;
      this.groups.delete(key);
      removed.push(...group);
    }
    return removed;
  }

  /** Drops requests that nobody waits for, and lets `expire` answer those whose deadline passed. */
  sweep(now: number, expire: (queued: QueuedRequest) => void): void {
    for (const [key, group] of this.groups) {
      if (!group.some((queued) => queued.isDone || queued.expiresAt <= now)) continue;
      for (const queued of group) if (!queued.isDone && queued.expiresAt <= now) expire(queued);
      const waiting = group.filter((queued) => !queued.isDone);
      if (waiting.length === 0) this.groups.delete(key);
      else this.groups.set(key, waiting);
    }
  }

  private oldest(mayRun: (digest: string) => boolean): [string, QueuedRequest[]] | undefined {
    let oldest: [string, QueuedRequest[]] | undefined;
    let arrivedAt = Infinity;
    for (const entry of this.groups) {
      const [first] = entry[1];
      if (first === undefined || first.arrivedAt >= arrivedAt || !mayRun(first.request.digest)) continue;
      oldest = entry;
      arrivedAt = first.arrivedAt;
    }
    return oldest;
  }
}

/** How many requests from the front of a group fit into one batch; at least one. */
function fitting(group: readonly QueuedRequest[], rowLimit: number): number {
  let rows = 0;
  let bytes = 0;
  for (const [index, queued] of group.entries()) {
    rows += queued.rows ?? 0;
    bytes += queued.bytes;
    if (index > 0 && (rows > rowLimit || bytes > MAX_BATCH_BYTES)) return index;
  }
  return group.length;
}
