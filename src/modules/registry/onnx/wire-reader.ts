import type { WireSource } from './wire-source.js';

/** The bytes are not what protobuf's wire format allows; `position` is where in the file. */
export class MalformedWireError extends Error {
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} (at byte ${position})`);
    this.name = 'MalformedWireError';
  }
}

/** Kinds of field encodings in protobuf that are in use; the two for groups are not. */
export const WIRE_TYPE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

const WINDOW_BYTES = 64 * 1024;
const MAX_VARINT_BYTES = 10;

/** A tag and a length or value: the most that is read between two calls of `prepare`. */
export const FIELD_HEADER_BYTES = 2 * MAX_VARINT_BYTES;

/** Longest text that may be read: it has to fit into the window beside its header. */
export const MAX_TEXT_BYTES = WINDOW_BYTES - FIELD_HEADER_BYTES;

/**
 * Reads protobuf's wire format through a window of 64 KiB. What is skipped is not read from the source: gigabytes of
 * weights cost one seek. Reading is synchronous within the window; `prepare` moves the window on when it must.
 */
export class WireReader {
  private readonly window = Buffer.allocUnsafe(WINDOW_BYTES);
  private windowStart = 0;
  private windowEnd = 0;
  private offset = 0;

  constructor(private readonly source: WireSource) {}

  /** Offset of the next byte in the file. */
  get position(): number {
    return this.offset;
  }

  /** True when the next `bytes` bytes, or all up to the end of the file, are in the window. */
  isReady(bytes: number): boolean {
    return this.offset >= this.windowStart && Math.min(this.offset + bytes, this.source.size) <= this.windowEnd;
  }

  /** Moves the window so that the next 64 KiB can be read. */
  async prepare(): Promise<void> {
    this.windowStart = this.offset;
    const read = await this.source.read(this.window, this.offset);
    this.windowEnd = this.offset + read;
    if (!this.isReady(WINDOW_BYTES)) throw this.malformed('The file became shorter while it was read');
  }

  skip(bytes: number): void {
    this.offset += bytes;
  }

  /** Reads UTF-8, at most `MAX_TEXT_BYTES` of it. */
  text(bytes: number): string {
    const from = this.offset - this.windowStart;
    this.offset += bytes;
    return this.window.toString('utf8', from, from + bytes);
  }

  /**
   * Reads an int64 as a number, exact up to 2^53.
   * @throws MalformedWireError when it does not end within ten bytes or within the file.
   */
  varint(): number {
    const start = this.offset;
    let value = 0;
    let scale = 1;
    for (let count = 1; count <= MAX_VARINT_BYTES; count += 1) {
      const byte = this.offset < this.windowEnd ? this.window[this.offset - this.windowStart] : undefined;
      if (byte === undefined) throw this.malformed('The file ends in the middle of a field');
      this.offset += 1;
      if (count === MAX_VARINT_BYTES) return this.negative(start, byte);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw this.malformed('A number does not end');
  }

  malformed(reason: string): MalformedWireError {
    return new MalformedWireError(reason, this.offset);
  }

  /** The value of ten bytes from `start` on. Only negative numbers need the tenth, and they need exact arithmetic. */
  private negative(start: number, last: number): number {
    if (last > 1) throw this.malformed('A number is longer than 64 bits');
    let bits = BigInt(last);
    for (let offset = this.offset - 2; offset >= start; offset -= 1) {
      bits = (bits << 7n) | BigInt((this.window[offset - this.windowStart] ?? 0) & 0x7f);
    }
    return Number(BigInt.asIntN(64, bits));
  }
}
