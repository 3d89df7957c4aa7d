import type { Socket } from 'node:net';

/**
 * Writes frames to a socket so that all of one moment leave in one system call.
 */
export class FrameWriter {
  private isCorked = false;

  /** @param schedule runs a function when the moment is over, such as `setImmediate` or `process.nextTick`. */
  constructor(
    private readonly socket: Socket,
    private readonly schedule: (flush: () => void) => void,
  ) {}

  /** Writes the buffers of one frame. Does nothing once the socket is closed. */
  write(buffers: readonly Uint8Array[]): void {
    if (!this.socket.writable) return;
    if (!this.isCorked) {
      this.isCorked = true;
      this.socket.cork();
      this.schedule(this.flush);
    }
    for (const buffer of buffers) this.socket.write(buffer);
  }

  private readonly flush = (): void => {
    this.isCorked = false;
    this.socket.uncork();
  };
}
