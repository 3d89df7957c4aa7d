import { CodedError } from '../../../common/errors/coded-error.js';
import { assertTensor } from '../../../common/tensor/tensor.js';
import type { HeldModel } from '../protocol/control.js';
import type { InferAnswer, InferRequest } from '../protocol/messages.js';
import {
  assertNames,
  joinInputs,
  NotSplittable,
  pickOutputs,
  sliceRows,
  unionOfOutputs,
  wholeOutput,
} from './batching.rules.js';
import type { ModelSession } from './model-session.js';
import { warmUp } from './model-trial.js';
import { type Batch, QueuedRequest, RequestQueue } from './request-queue.js';
import { type LoadedModel, SessionCache } from './session-cache.js';

export interface ExecutorOptions {
  /** Bytes of model files that are kept loaded. */
  readonly cacheBytes: number;
  /** Time that one batch may take, in milliseconds. */
  readonly batchMs: number;
  readonly maxBatchRows: number;
  /** The verified bytes of a model. Rejects with a CodedError. */
  readonly fetchModel: (digest: string) => Promise<Uint8Array>;
  /** Opens a model; blocks the thread. Rejects with a CodedError. */
  readonly openModel: (bytes: Uint8Array) => Promise<ModelSession>;
  /** Called before each load and run. */
  readonly onRunning: (digest: string) => void;
  /** Called when models were loaded or have left. */
  readonly onModels: () => void;
}

interface FetchedModel {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/**
 * Runs requests. Its loop: take what has arrived, join what can be joined, run it once, answer, look at the sockets
 * again. While a run blocks the thread, requests gather in the sockets, so that load makes the batches.
 */
export class Executor {
  private readonly queue = new RequestQueue();
  private readonly sessions: SessionCache;
  private readonly fetching = new Set<string>();
  private readonly fetched: FetchedModel[] = [];
  private readonly idleWaiters: (() => void)[] = [];
  /** Runs before anything else is loaded, which might push it out unused. */
  private justLoaded: string | undefined;
  private isTurning = false;
  private unanswered = 0;
  private loadCount = 0;

  constructor(private readonly options: ExecutorOptions) {
    this.sessions = new SessionCache(options.cacheBytes);
  }

  /** Requests that were taken and not answered yet. */
  get inFlight(): number {
    return this.unanswered;
  }

  /** Models loaded so far. */
  get loads(): number {
    return this.loadCount;
  }

  models(): HeldModel[] {
    return this.sessions.list();
  }

  /**
   * Takes a request in. `answer` is called exactly once.
   * @returns what `cancel` takes.
   */
  submit(request: InferRequest, answer: (result: InferAnswer | CodedError) => void): QueuedRequest {
    this.unanswered += 1;
    const queued = new QueuedRequest(request, performance.now(), (result) => {
      this.unanswered -= 1;
      answer(result);
      if (this.unanswered === 0) this.notifyIdle();
    });
    try {
      for (const tensor of request.tensors) assertTensor(tensor);
    } catch (error) {
      queued.settle(codedError(error));
      return queued;
    }
    this.queue.push(queued);
    if (!this.sessions.has(request.digest)) this.fetch(request.digest);
    this.wake();
    return queued;
  }

  /** The answer is no longer wanted: what has not begun will not be run. */
  cancel(queued: QueuedRequest): void {
    queued.settle(new CodedError('CANCELLED', 'The request was cancelled.'));
  }

  /** Resolves as soon as nothing is left to answer. */
  async whenIdle(): Promise<void> {
    if (this.unanswered === 0) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  private notifyIdle(): void {
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  private fetch(digest: string): void {
    if (this.fetching.has(digest)) return;
    this.fetching.add(digest);
    this.options.fetchModel(digest).then(
      (bytes) => {
        this.fetched.push({ digest, bytes });
        this.wake();
      },
      (error: unknown) => this.failModel(digest, error),
    );
  }

  private failModel(digest: string, error: unknown): void {
    this.fetching.delete(digest);
    for (const queued of this.queue.remove(digest)) queued.settle(codedError(error));
  }

  private wake(): void {
    if (this.isTurning) return;
    this.isTurning = true;
    void this.turn();
  }

  private async turn(): Promise<void> {
    for (;;) {
      // Lets the event loop read everything that has arrived.
      await new Promise(setImmediate);
      this.queue.sweep(performance.now(), expire);
      const firstRun = this.takeBatch((digest) => digest === this.justLoaded);
      this.justLoaded = undefined;
      const next = firstRun === undefined ? this.fetched.shift() : undefined;
      if (next !== undefined) {
        await this.load(next);
        continue;
      }
      const batch = firstRun ?? this.takeBatch((digest) => this.sessions.has(digest));
      if (batch === undefined) break;
      await this.run(batch);
    }
    this.isTurning = false;
  }

  private takeBatch(mayRun: (digest: string) => boolean): Batch | undefined {
    return this.queue.take(mayRun, (request) => this.rowLimit(request));
  }

  private rowLimit({ digest, maxBatchRows = Infinity }: InferRequest): number {
    const maximum = Math.min(this.options.maxBatchRows, maxBatchRows);
    return this.sessions.use(digest)?.cost.rowsWithin(this.options.batchMs, maximum) ?? 1;
  }

  private async load({ digest, bytes }: FetchedModel): Promise<void> {
    // Everybody who wanted it has left meanwhile.
    if (!this.queue.hasModel(digest)) {
      this.fetching.delete(digest);
      return;
    }
    this.options.onRunning(digest);
    const evicted = await this.sessions.makeRoom(bytes.byteLength);
    try {
      const session = await this.options.openModel(bytes);
      this.loadCount += 1;
      await warmUp(session);
      this.sessions.add(digest, bytes.byteLength, session);
      this.fetching.delete(digest);
      this.justLoaded = digest;
    } catch (error) {
      this.failModel(digest, error);
    }
    for (const model of evicted) if (this.queue.hasModel(model.digest)) this.fetch(model.digest);
    this.options.onModels();
  }

  private async run(batch: Batch): Promise<void> {
    const model = this.sessions.use(batch.digest);
    if (model === undefined) return;
    const members = batch.members.filter((member) => hasGoodNames(member, model.session));
    if (members.length === 0) return;
    this.options.onRunning(batch.digest);
    const rows = batch.rows === undefined ? undefined : members.reduce((sum, member) => sum + (member.rows ?? 0), 0);
    try {
      await runTogether(model, members, rows);
    } catch (error) {
      if (members.length === 1) members[0]?.settle(codedError(error));
      else await this.runOneByOne(model, members);
    }
  }

  /** One bad request must not fail its batch. */
  private async runOneByOne(model: LoadedModel, members: readonly QueuedRequest[]): Promise<void> {
    for (const member of members) {
      await new Promise(setImmediate);
      if (member.isDone) continue;
      if (member.expiresAt <= performance.now()) expire(member);
      else await runTogether(model, [member], undefined).catch((error: unknown) => member.settle(codedError(error)));
    }
  }
}

async function runTogether(
  { session, cost }: LoadedModel,
  members: readonly QueuedRequest[],
  rows: number | undefined,
): Promise<void> {
  const requests = members.map((member) => member.request);
  const inputs = joinInputs(
    requests.map((request) => request.tensors),
    rows ?? 1,
  );
  const { outputs, startedAt, ms } = await session.run(inputs, unionOfOutputs(requests));
  if (rows !== undefined) cost.observe(rows, ms);
  const isJoined = members.length > 1;
  let start = 0;
  const answers = members.map((member) => {
    const count = member.rows ?? 1;
    const own = pickOutputs(outputs, member.request.outputs).map((output) =>
      isJoined ? sliceRows(output, start, count, rows ?? 1) : wholeOutput(output),
    );
    start += count;
    return { outputs: own, inferenceMs: ms, queueMs: startedAt - member.arrivedAt, batchRows: rows ?? count };
  });
  for (const [index, answer] of answers.entries()) members[index]?.settle(answer);
}

function hasGoodNames(member: QueuedRequest, session: ModelSession): boolean {
  try {
    assertNames(member.request, session);
    return true;
  } catch (error) {
    member.settle(codedError(error));
    return false;
  }
}

function expire(queued: QueuedRequest): void {
  const waited = Math.round(performance.now() - queued.arrivedAt);
  queued.settle(
    new CodedError('DEADLINE_EXCEEDED', `The deadline passed after ${waited} ms in the queue; the model was not run.`),
  );
}

function codedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  if (error instanceof NotSplittable) return new CodedError('MODEL_RUN_FAILED', error.message, { cause: error });
  return new CodedError('MODEL_RUN_FAILED', 'The executor failed while it worked on this request.', { cause: error });
}
