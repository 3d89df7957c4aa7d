import type { Server, Socket } from 'node:net';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { SharedKey } from '../../../common/tls/shared-key.js';
import { FrameWriter } from '../protocol/frame-writer.js';
import { encodeFrame, type Frame, FrameDecoder, FrameError, FrameKind, FrameTooLarge } from '../protocol/frames.js';
import { answerMessage, errorHeader, type InferAnswer, parseRequest } from '../protocol/messages.js';
import { listenAt } from './executor-listener.js';
import type { Executor } from './executor.js';
import type { QueuedRequest } from './request-queue.js';

/** The socket on which an executor takes requests. */
export class ExecutorServer {
  private server: Server | undefined;
  private readonly connections = new Set<Connection>();

  constructor(private readonly executor: Executor) {}

  /** Resolves once clients can connect to the address: with the port, null for a Unix socket. */
  async listen(address: string, key?: SharedKey): Promise<number | null> {
    const { server, port } = await listenAt(address, key, (socket) => this.accept(socket));
    this.server = server;
    return port;
  }

  /**
   * Takes no more connections and asks every client to send no more. Resolves once all requests are answered and all
   * clients have closed.
   */
  async drain(): Promise<void> {
    const { server } = this;
    const closed = server === undefined ? undefined : new Promise((resolve) => server.close(resolve));
    for (const connection of this.connections) connection.sayGoAway();
    await this.executor.whenIdle();
    await closed;
  }

  private accept(socket: Socket): void {
    const connection = new Connection(socket, this.executor);
    this.connections.add(connection);
    socket.once('close', () => {
      this.connections.delete(connection);
      connection.abandonAll();
    });
  }
}

/** One client. */
class Connection {
  private readonly decoder = new FrameDecoder();
  private readonly writer: FrameWriter;
  private readonly open = new Map<number, QueuedRequest>();

  constructor(
    private readonly socket: Socket,
    private readonly executor: Executor,
  ) {
    this.writer = new FrameWriter(socket, (flush) => process.nextTick(flush));
    socket.setNoDelay(true);
    // A client that vanished shows as 'close', which follows.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.read(chunk));
  }

  sayGoAway(): void {
    this.writer.write(encodeFrame(FrameKind.GoAway, 0, null));
  }

  /** Nobody is there to be answered any more. */
  abandonAll(): void {
    for (const queued of this.open.values()) this.executor.cancel(queued);
    this.open.clear();
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
    if (kind === FrameKind.Infer) {
      const queued = this.executor.submit(parseRequest(header, body), (result) => this.answer(id, result));
      if (!queued.isDone) this.open.set(id, queued);
    } else if (kind === FrameKind.Cancel) {
      const queued = this.open.get(id);
      if (queued !== undefined) this.executor.cancel(queued);
    } else {
      throw new FrameError(`A client cannot send frames of kind ${kind}.`);
    }
  }

  private answer(id: number, result: InferAnswer | CodedError): void {
    this.open.delete(id);
    this.writer.write(encodeResult(id, result));
  }
}

function encodeResult(id: number, result: InferAnswer | CodedError): readonly Uint8Array[] {
  if (result instanceof CodedError) return encodeFrame(FrameKind.Error, id, errorHeader(result));
  try {
    const { header, parts } = answerMessage(result);
    return encodeFrame(FrameKind.Answer, id, header, parts);
  } catch (cause) {
    if (!(cause instanceof FrameTooLarge)) throw cause;
    const message = `The outputs take ${cause.bytes} bytes, more than an answer can carry (${cause.limit}).`;
    return encodeFrame(FrameKind.Error, id, errorHeader(new CodedError('MODEL_RUN_FAILED', message)));
  }
}
