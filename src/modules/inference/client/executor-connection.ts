import type { Socket } from 'node:net';
import { onAbort } from '../../../common/concurrency/on-abort.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { ExecutorHostState, ExecutorState } from '../protocol/executor-state.js';
import { FrameWriter } from '../protocol/frame-writer.js';
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameError,
  FrameKind,
  FrameTooLarge,
  nextId,
} from '../protocol/frames.js';
import { type InferAnswer, type InferRequest, parseAnswer, parseError, requestMessage } from '../protocol/messages.js';
import type { Candidate } from './balancing.rules.js';
import { type KeyOf, openSocket } from './executor-socket.js';
import type { Placeable } from './placement.rules.js';

/** The connection ended before the answer was there. */
export class ConnectionLost extends Error {}

interface PendingAnswer {
  readonly resolve: (answer: InferAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  readonly stopListening: (() => void) | undefined;
}

/** The connection to one executor. Requests share it; answers come in any order. */
export class ExecutorConnection implements Candidate, Placeable {
  private readonly socket: Socket;
  private readonly writer: FrameWriter;
  private readonly decoder = new FrameDecoder();
  private readonly pending = new Map<number, PendingAnswer>();
  /** Models that the executor holds, and those that this client sent it requests for since. */
  private held = new Set<string>();
  private quarantined = new Set<string>();
  private device = 'cpu';
  private lastId = 0;
  private isOpen = false;
  private isLeaving = false;
  private abandonTimer: NodeJS.Timeout | undefined;
  private reason: Error | undefined;
  private host = '';
  private poolName = '';

  /** @param onChange called when requests can be given to it, and when they no longer can. */
  constructor(
    readonly id: string,
    readonly address: string,
    private readonly onChange: (connection: ExecutorConnection) => void,
    keyOf?: KeyOf,
  ) {
    this.socket = openSocket(id, address, keyOf, () => {
      this.isOpen = true;
      this.onChange(this);
    });
    this.writer = new FrameWriter(this.socket, setImmediate);
    this.socket.on('data', (chunk) => this.read(chunk));
    // 'close' follows.
    this.socket.on('error', (error) => (this.reason = error));
    this.socket.once('close', () => this.lose());
  }

  get effectiveDevice(): string {
    return this.device;
  }

  get inFlight(): number {
    return this.pending.size;
  }

  get isUsable(): boolean {
    return this.isOpen && !this.isLeaving && this.socket.readyState === 'open';
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /** Why no connection came about; undefined where it did, or has not been decided. */
  get failure(): Error | undefined {
    return this.isOpen ? undefined : this.reason;
  }

  /** Id of the worker that hosts the executor. */
  get hostId(): string {
    return this.host;
  }

  /** Name of the pool to which the executor belongs. */
  get pool(): string {
    return this.poolName;
  }

  mayRun(digest: string): boolean {
    return !this.quarantined.has(digest);
  }

  holds(digest: string): boolean {
    return this.held.has(digest);
  }

  /** Takes in what was published about the executor and its host. */
  update(host: ExecutorHostState, executor: ExecutorState): void {
    this.host = host.hostId;
    this.poolName = host.pool;
    this.device = executor.effectiveDevice;
    this.held = new Set(executor.models.map((model) => model.digest));
    this.quarantined = new Set(host.quarantined.map((model) => model.digest));
  }

  /** Takes no more requests; closes as soon as those in flight are answered. */
  leave(): void {
    if (!this.isLeaving) {
      this.isLeaving = true;
      this.onChange(this);
    }
    if (!this.isOpen) this.socket.destroy();
    else if (this.pending.size === 0) this.socket.end();
  }

  /** As `leave`, for one that may be gone without a word: what is not answered within `timeoutMs` is lost. */
  abandon(timeoutMs: number): void {
    this.leave();
    this.abandonTimer ??= setTimeout(() => this.socket.destroy(), timeoutMs).unref();
  }

  /** Gives up what is in flight. */
  destroy(): void {
    this.isLeaving = true;
    this.socket.destroy();
  }

  /**
   * Sends a request and resolves with its answer.
   * @throws {ConnectionLost} @throws {CodedError} of the executor, DEADLINE_EXCEEDED, CANCELLED, INVALID_INPUT.
   */
  infer(request: InferRequest, signal: AbortSignal | undefined): Promise<InferAnswer> {
    const id = nextId(this.lastId);
    this.lastId = id;
    const buffers = encodeRequest(id, request);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.giveUp(id, deadlineExceeded()), Math.ceil(request.deadlineMs));
      const stopListening = signal === undefined ? undefined : this.cancelOn(signal, id);
      this.pending.set(id, { resolve, reject, timer, stopListening });
      this.held.add(request.digest);
      this.writer.write(buffers);
    });
  }

  private cancelOn(signal: AbortSignal, id: number): () => void {
    const cancel = (): void => this.giveUp(id, new CodedError('CANCELLED', 'The caller cancelled the inference.'));
    return onAbort(signal, cancel);
  }

  private giveUp(id: number, error: CodedError): void {
    this.writer.write(encodeFrame(FrameKind.Cancel, id, null));
    this.take(id)?.reject(error);
  }

  private take(id: number): PendingAnswer | undefined {
    const pending = this.pending.get(id);
    if (pending === undefined) return undefined;
    this.pending.delete(id);
    clearTimeout(pending.timer);
    pending.stopListening?.();
    if (this.isLeaving) this.leave();
    return pending;
  }

  private read(chunk: Uint8Array): void {
    try {
      this.decoder.push(chunk, (frame) => this.handle(frame));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.socket.destroy();
    }
  }

  private handle({ kind, id, header, body }: Frame): void {
    if (kind === FrameKind.Answer) this.take(id)?.resolve(parseAnswer(header, body));
    else if (kind === FrameKind.Error) this.take(id)?.reject(parseError(header));
    else if (kind === FrameKind.GoAway) this.leave();
    else throw new FrameError(`An executor cannot send frames of kind ${kind}.`);
  }

  private lose(): void {
    const wasLeaving = this.isLeaving;
    this.isLeaving = true;
    clearTimeout(this.abandonTimer);
    for (const id of this.pending.keys()) this.take(id)?.reject(new ConnectionLost());
    if (!wasLeaving) this.onChange(this);
  }
}

function encodeRequest(id: number, request: InferRequest): Uint8Array[] {
  try {
    const { header, parts } = requestMessage(request);
    return encodeFrame(FrameKind.Infer, id, header, parts);
  } catch (cause) {
    if (!(cause instanceof FrameTooLarge)) throw cause;
    throw new CodedError('INVALID_INPUT', `The inputs are too large: ${cause.message}`, { cause });
  }
}

/** The error of a request whose time is up. */
export function deadlineExceeded(): CodedError {
  return new CodedError('DEADLINE_EXCEEDED', 'The deadline passed before the executor had answered.');
}
