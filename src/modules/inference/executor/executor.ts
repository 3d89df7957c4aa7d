import { CodedError } from '../../../common/errors/coded-error.js';
import { assertTensor } from '../../../common/tensor/tensor.js';
import type { WarmUpSample } from '../../registry/serving/serving-policy.js';
import type { HeldModel, LoadFailure, ModelOrders } from '../protocol/control.js';
import { unloadedError } from '../protocol/executor-state.js';
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
import { type Batch, QueuedRequest, RequestQueue } from './request-queue.js';
import { Residents } from './residents.js';
import { type LoadedModel, SessionCache } from './session-cache.js';
import { warmUp } from './warm-up.js';

export interface ExecutorOptions {
  /** Bytes of model files that are kept loaded. */
  readonly cacheBytes: number;
  /** Time that one batch may take, in milliseconds. */
  readonly batchMs: number;
  readonly maxBatchRows: number;
  /** Rejects with a CodedError. */
  readonly fetchModel: (digest: string) => Promise<ModelFile>;
  /** Opens a model; blocks the thread. Rejects with a CodedError. */
  readonly openModel: (bytes: Uint8Array) => Promise<ModelSession>;
  /** Called before each load and run. */
  readonly onRunning: (digest: string) => void;
  /** Called when models are being loaded, were loaded, or have left. */
  readonly onModels: () => void;
}

export interface ModelFile {
  /** Verified against the digest. */
  readonly bytes: Uint8Array;
  /** What the model is run on before it counts as loaded; without any, zeros do. */
  readonly warmUp: readonly WarmUpSample[];
}

interface FetchedModel extends ModelFile {
  readonly digest: string;
}

/**
 * Runs requests. Its loop: take what has arrived, join what can be joined, run it once, answer, look at the sockets
 * again. While a run blocks the thread, requests gather in the sockets, so that load makes the batches.
 */
export class Executor {
  private readonly queue = new RequestQueue();
  private readonly sessions: SessionCache;
  private readonly residents: Residents;
  private readonly fetching = new Set<string>();
  private readonly fetched: FetchedModel[] = [];
  private readonly idleWaiters: (() => void)[] = [];
  /** Runs before anything else is loaded, which might push it out unused. */
  private justLoaded: string | undefined;
  private isTurning = false;
  private unanswered = 0;
  private loadCount = 0;
  /** Wakes the loop when a batch has waited for others long enough. */
  private alarm: NodeJS.Timeout | undefined;

  constructor(private readonly options: ExecutorOptions) {
    this.sessions = new SessionCache(options.cacheBytes);
    this.residents = new Residents(options.cacheBytes);
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

  /** Digests of models that are being loaded. */
  get loading(): string[] {
    return [...this.fetching];
  }

  get failures(): LoadFailure[] {
    return this.residents.failures;
  }

  /** Takes the place of all orders before. What was taken is answered, whatever the orders say. */
  order(orders: ModelOrders): void {
    this.residents.take(orders);
    this.options.onModels();
    this.fetchResidents();
    this.wake();
  }

  /** Loads what is to be kept loaded and is not. */
  fetchResidents(): void {
    for (const digest of this.residents.due(performance.now())) {
      if (!this.sessions.has(digest)) this.fetch(digest);
    }
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
      if (this.residents.refused.has(request.digest)) throw unloadedError();
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
    this.options.onModels();
    this.options.fetchModel(digest).then(
      (file) => {
        this.fetched.push({ digest, ...file });
        this.wake();
      },
      (error: unknown) => this.failModel(digest, error),
    );
  }

  private failModel(digest: string, error: unknown): void {
    this.fetching.delete(digest);
    const coded = codedError(error);
    this.residents.noteFailure(digest, coded);
    for (const queued of this.queue.remove(digest)) queued.settle(coded);
    this.options.onModels();
  }

  private wake(): void {
    if (this.isTurning) return;
    this.isTurning = true;
    clearTimeout(this.alarm);
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
      if (batch !== undefined) await this.run(batch);
      else if (!(await this.releaseRefused())) break;
    }
    this.isTurning = false;
    this.setAlarm();
  }

  /** @returns whether there was something to release; requests may have come meanwhile. */
  private async releaseRefused(): Promise<boolean> {
    const { refused } = this.residents;
    const unused = this.sessions.list().filter(({ digest }) => refused.has(digest) && !this.queue.hasModel(digest));
    for (const { digest } of unused) await this.sessions.remove(digest);
    if (unused.length > 0) this.options.onModels();
    return unused.length > 0;
  }

  private setAlarm(): void {
    const ripeAt = this.queue.nextRipeAt((digest) => this.sessions.has(digest));
    if (ripeAt !== undefined) this.alarm = setTimeout(() => this.wake(), ripeAt - performance.now());
  }

  private takeBatch(mayRun: (digest: string) => boolean): Batch | undefined {
    return this.queue.take(mayRun, (request) => this.rowLimit(request), performance.now());
  }

  private rowLimit({ digest, maxBatchRows = Infinity }: InferRequest): number {
    const maximum = Math.min(this.options.maxBatchRows, maxBatchRows);
    return this.sessions.costOf(digest)?.rowsWithin(this.options.batchMs, maximum) ?? 1;
  }

  private async load({ digest, bytes, warmUp: samples }: FetchedModel): Promise<void> {
    // Everybody who wanted it has left meanwhile.
    if (!this.queue.hasModel(digest) && !this.residents.isKept(digest)) {
      this.fetching.delete(digest);
      this.options.onModels();
      return;
    }
    this.options.onRunning(digest);
    const evicted = await this.sessions.makeRoom(bytes.byteLength, (other) => this.residents.isKept(other));
    try {
      const session = await this.options.openModel(bytes);
      this.loadCount += 1;
      await warmUp(session, samples);
      this.sessions.add(digest, bytes.byteLength, session);
      this.fetching.delete(digest);
      this.residents.noteLoaded(digest);
      this.justLoaded = digest;
    } catch (error) {
      this.failModel(digest, error);
    }
    for (const model of evicted) {
      if (this.queue.hasModel(model.digest)) this.fetch(model.digest);
      else this.residents.noteEvicted(model.digest);
    }
    this.options.onModels();
  }

  private async run(batch: Batch): Promise<void> {
    await this.sessions.borrow(batch.digest, (model) => this.runOn(model, batch));
  }

  private async runOn(model: LoadedModel, batch: Batch): Promise<void> {
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
