import type { Writable } from 'node:stream';

/** Up to this size what leaves together is copied into one buffer, which costs less than handing over many. */
const COPY_BELOW_BYTES = 64 * 1024;

/** Writes frames to a socket so that all of one moment leave in one system call. */
export class FrameWriter {
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;

  /** @param schedule runs a function when the moment is over, such as `setImmediate` or `process.nextTick`. */
  constructor(
    private readonly socket: Writable,
    private readonly schedule: (flush: () => void) => void,
  ) {}

  /** Writes the buffers of one frame. Does nothing once the socket is closed. */
  write(buffers: readonly Uint8Array[]): void {
    if (this.waiting.length === 0) this.schedule(this.flush);
    for (const buffer of buffers) {
      this.waiting.push(buffer);
      this.waitingBytes += buffer.byteLength;
    }
  }

  private readonly flush = (): void => {
    const { socket, waiting, waitingBytes } = this;
    this.waiting = [];
    this.waitingBytes = 0;
    if (!socket.writable) return;
    const [first] = waiting;
    if (first !== undefined && waiting.length === 1) socket.write(first);
    else if (waitingBytes <= COPY_BELOW_BYTES) socket.write(Buffer.concat(waiting, waitingBytes));
    else {
      socket.cork();
      for (const buffer of waiting) socket.write(buffer);
      socket.uncork();
    }
  };
}
