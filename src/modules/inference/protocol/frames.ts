/**
 * Frames on a stream socket. All numbers are little-endian:
 *
 *     offset 0   u32  length of the whole frame in bytes, a multiple of 8
 *            4   u8   kind
 *            5        three zero bytes
 *            8   u32  id of the request that this frame belongs to
 *           12   u32  length of the header in bytes
 *           16        header: JSON, padded with spaces to a multiple of 8
 *                     body: raw parts, each padded to a multiple of 8
 *
 * So every part begins at a multiple of 8 and numbers can be viewed in place.
 */
export const FrameKind = {
  /** Client → executor: run a model. Header `InferRequestHeader`, body its tensors. */
  Infer: 1,
  /** Client → executor: the request of this id is no longer wanted. */
  Cancel: 2,
  /** Executor → client: header `InferAnswerHeader`, body its tensors. */
  Answer: 3,
  /** Executor → client: header `ErrorHeader`. */
  Error: 4,
  /** Executor → client: send no more here, and close once everything is answered. */
  GoAway: 5,
} as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly header: unknown;
  /** Everything after the header; begins at a multiple of 8 bytes of its ArrayBuffer unless the stream was misaligned. */
  readonly body: Uint8Array;
}

/** Largest frame that is accepted and sent, in bytes: 512 MiB. */
export const MAX_FRAME_BYTES = 512 * 1024 * 1024;

const PREFIX_BYTES = 16;
const ALIGNMENT = 8;
/** Up to this size a frame is copied into one buffer, which costs less than writing its parts one by one. */
const COPY_BELOW_BYTES = 64 * 1024;
const MAX_ID = 0xffff_ffff;

export function alignedLength(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

const zeros = new Uint8Array(ALIGNMENT);

/**
 * Encodes one frame as buffers to be written in order.
 * @throws {FrameTooLarge} where the frame would exceed `MAX_FRAME_BYTES`.
 */
export function encodeFrame(
  kind: FrameKind,
  id: number,
  header: unknown,
  parts: readonly Uint8Array[] = [],
): Uint8Array[] {
  const json = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(json);
  let bodyBytes = 0;
  for (const part of parts) bodyBytes += alignedLength(part.byteLength);
  const bodyStart = PREFIX_BYTES + alignedLength(headerBytes);
  const length = bodyStart + bodyBytes;
  if (length > MAX_FRAME_BYTES) throw new FrameTooLarge(length, MAX_FRAME_BYTES);
  const isSmall = length <= COPY_BELOW_BYTES;
  const start = Buffer.allocUnsafe(isSmall ? length : bodyStart);
  start.writeUInt32LE(length, 0);
  start.writeUInt32LE(kind, 4);
  start.writeUInt32LE(id, 8);
  start.writeUInt32LE(headerBytes, 12);
  start.write(json, PREFIX_BYTES);
  start.fill(0x20, PREFIX_BYTES + headerBytes, bodyStart);
  return isSmall ? [copyParts(start, bodyStart, parts)] : [start, ...padParts(parts)];
}

function copyParts(frame: Buffer, bodyStart: number, parts: readonly Uint8Array[]): Buffer {
  let offset = bodyStart;
  for (const part of parts) {
    frame.set(part, offset);
    const end = offset + part.byteLength;
    offset = alignedLength(end);
    frame.fill(0, end, offset);
  }
  return frame;
}

function padParts(parts: readonly Uint8Array[]): Uint8Array[] {
  return parts.flatMap((part) => {
    const padding = alignedLength(part.byteLength) - part.byteLength;
    return padding === 0 ? [part] : [part, zeros.subarray(0, padding)];
  });
}

/** The id after `id`; starts over beyond 32 bits. */
export function nextId(id: number): number {
  return id >= MAX_ID ? 1 : id + 1;
}

/** The peer does not speak this protocol: the connection is of no more use. */
export class FrameError extends Error {}

export class FrameTooLarge extends FrameError {
  constructor(
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(`A frame of ${bytes} bytes exceeds the limit of ${limit} bytes.`);
  }
}

/** Cuts a byte stream into frames, whatever the chunks it arrives in. */
export class FrameDecoder {
  /** Chunks from the beginning of a frame whose end has not arrived yet. */
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  /** Bytes that must be pending before anything more can be decided. */
  private wantedBytes = PREFIX_BYTES;

  constructor(private readonly limit = MAX_FRAME_BYTES) {}

  /** Whether the stream stands between two frames. */
  get isAtBoundary(): boolean {
    return this.pendingBytes === 0;
  }

  /**
   * Takes the next chunk and hands every frame that is complete to `accept`. Bodies are views of what arrived.
   * @throws {FrameError} where the stream is malformed or a frame exceeds the limit.
   */
  push(chunk: Uint8Array, accept: (frame: Frame) => void): void {
    let rest = chunk;
    if (this.pendingBytes > 0) {
      this.hold(chunk, this.wantedBytes);
      if (this.pendingBytes < this.wantedBytes) return;
      rest = join(this.pending, this.pendingBytes);
      this.pending = [];
      this.pendingBytes = 0;
    }
    while (rest.byteLength >= PREFIX_BYTES) {
      const length = this.lengthOf(rest);
      if (rest.byteLength < length) {
        this.hold(rest, length);
        return;
      }
      accept(decode(rest.subarray(0, length)));
      rest = rest.subarray(length);
    }
    if (rest.byteLength > 0) this.hold(rest, PREFIX_BYTES);
  }

  private hold(bytes: Uint8Array, wantedBytes: number): void {
    this.pending.push(bytes);
    this.pendingBytes += bytes.byteLength;
    this.wantedBytes = wantedBytes;
  }

  private lengthOf(bytes: Uint8Array): number {
    const length = readUint32(bytes, 0);
    if (length > this.limit) throw new FrameTooLarge(length, this.limit);
    const headerEnd = PREFIX_BYTES + alignedLength(readUint32(bytes, 12));
    if (length % ALIGNMENT !== 0 || headerEnd > length) throw new FrameError('The stream does not consist of frames.');
    return length;
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const joined = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.byteLength;
  }
  return joined;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] ?? 0) +
    (bytes[offset + 1] ?? 0) * 0x100 +
    (bytes[offset + 2] ?? 0) * 0x1_0000 +
    (bytes[offset + 3] ?? 0) * 0x100_0000
  );
}

function decode(bytes: Uint8Array): Frame {
  const headerEnd = PREFIX_BYTES + readUint32(bytes, 12);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + PREFIX_BYTES, headerEnd - PREFIX_BYTES).toString();
  return {
    kind: bytes[4] ?? 0,
    id: readUint32(bytes, 8),
    header: parseHeader(text),
    body: bytes.subarray(alignedLength(headerEnd)),
  };
}

function parseHeader(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FrameError('A frame has a header that is not JSON.', { cause });
  }
}
