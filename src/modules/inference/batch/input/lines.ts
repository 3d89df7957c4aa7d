const NEWLINE = 0x0a;

export interface Line {
  /** Without its newline. */
  readonly line: Buffer;
  /** The first byte behind the line and its newline. */
  readonly endByte: number;
}

/** Cuts a stream of bytes into lines, and holds no more of one than it may be long. */
export class Lines {
  private parts: Buffer[] = [];
  private pendingBytes = 0;
  private offset = 0;
  private count = 0;
  private hasLongLine = false;

  constructor(private readonly maxBytes: number) {}

  /** Number of the line that was handed out last, from 1. */
  get number(): number {
    return this.count;
  }

  /** Whether the next line is longer than it may be. */
  get isTooLong(): boolean {
    return this.hasLongLine;
  }

  /** The lines that end within these bytes; none from one that is too long on. */
  *push(bytes: Buffer): Generator<Line, void> {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      const part = bytes.subarray(start, end === -1 ? bytes.length : end);
      this.pendingBytes += part.length;
      if (this.pendingBytes > this.maxBytes) {
        this.hasLongLine = true;
        return;
      }
      this.parts.push(part);
      if (end === -1) break;
      yield this.take(1);
      start = end + 1;
    }
  }

  /** The last line, where the file does not end with a newline. */
  finish(): Line | undefined {
    return this.pendingBytes === 0 ? undefined : this.take(0);
  }

  private take(newlineBytes: number): Line {
    const line = this.parts.length === 1 && this.parts[0] !== undefined ? this.parts[0] : Buffer.concat(this.parts);
    this.offset += this.pendingBytes + newlineBytes;
    this.parts = [];
    this.pendingBytes = 0;
    this.count += 1;
    return { line, endByte: this.offset };
  }
}
