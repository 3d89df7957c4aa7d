import { invalidFile } from './file-fault.js';

/*
 * What stands around the content of a zstd file (RFC 8878, section 3). Numbers are little-endian; sizes are in bytes.
 */
const FRAME_MAGIC = 0xfd2fb528;
/** The last four bits are free. */
const SKIPPABLE_MAGIC = 0x184d2a5;
const MAGIC_SIZE = 4;
const SKIPPABLE_LENGTH_SIZE = 4;
const BLOCK_HEADER_SIZE = 3;
const CHECKSUM_SIZE = 4;
const DICTIONARY_ID_SIZES = [0, 1, 2, 4] as const;
const CONTENT_LENGTH_SIZES = [0, 2, 4, 8] as const;
/** A content length of two bytes counts from here. */
const CONTENT_LENGTH_OFFSET = 256n;

const blockTypes = ['RAW', 'REPEATED', 'COMPRESSED', 'RESERVED'] as const;

/** What the walk asks for: the next bytes, to read them or to pass over them. */
type Step = { readonly read: number } | { readonly pass: number };

/**
 * Follows the headers of frames and blocks through a file that comes in pieces, and unpacks nothing. So it tells whether the
 * file ends where its last frame ends; whether the content of a block is right only shows when it is unpacked.
 */
export class ZstdFrames {
  /** Bytes that frames say they unpack to, or that their plain and repeated blocks show; never too many. */
  leastUnpackedBytes = 0n;
  private isBetweenFrames = true;
  private readonly walk = this.frames();
  private wanted: Step;
  private header = Buffer.alloc(0);
  /** How many bytes are still to be passed over. */
  private passing = 0;

  constructor() {
    this.wanted = this.step(Buffer.alloc(0));
  }

  /** Whether the file may end here. */
  get isComplete(): boolean {
    return this.isBetweenFrames && this.header.length === 0;
  }

  /** @throws {CodedError} INVALID_FILE where this is no zstd. */
  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      if ('pass' in this.wanted) {
        const passed = Math.min(this.passing, piece.length - at);
        at += passed;
        this.passing -= passed;
        if (this.passing === 0) this.wanted = this.step(Buffer.alloc(0));
        continue;
      }
      const part = piece.subarray(at, at + this.wanted.read - this.header.length);
      at += part.length;
      this.header = Buffer.concat([this.header, part]);
      if (this.header.length === this.wanted.read) {
        const header = this.header;
        this.header = Buffer.alloc(0);
        this.wanted = this.step(header);
      }
    }
  }

  /** Hands over what was read, and goes on to the next step that takes a byte. */
  private step(bytes: Buffer): Step {
    let { value } = this.walk.next(bytes);
    while ('pass' in value && value.pass === 0) ({ value } = this.walk.next(Buffer.alloc(0)));
    if ('pass' in value) this.passing = value.pass;
    return value;
  }

  private *frames(): Generator<Step, never, Buffer> {
    for (;;) {
      this.isBetweenFrames = true;
      const magic = (yield { read: MAGIC_SIZE }).readUInt32LE();
      this.isBetweenFrames = false;
      if (magic === FRAME_MAGIC) yield* this.frame();
      else if (magic >>> 4 === SKIPPABLE_MAGIC) {
        const length = yield { read: SKIPPABLE_LENGTH_SIZE };
        yield { pass: length.readUInt32LE() };
      } else throw invalidFile('its zstd is damaged: where a frame must begin, there is none');
    }
  }

  private *frame(): Generator<Step, void, Buffer> {
    const descriptor = (yield { read: 1 }).readUInt8();
    const isSingleSegment = (descriptor & 0b10_0000) > 0;
    const hasChecksum = (descriptor & 0b100) > 0;
    const dictionaryIdSize = DICTIONARY_ID_SIZES[(descriptor & 0b11) as 0 | 1 | 2 | 3];
    const lengthKind = (descriptor >>> 6) as 0 | 1 | 2 | 3;
    const lengthSize = lengthKind === 0 && isSingleSegment ? 1 : CONTENT_LENGTH_SIZES[lengthKind];
    // What a single segment does not need is the size of a window.
    yield { pass: (isSingleSegment ? 0 : 1) + dictionaryIdSize };
    const isCounted = lengthSize > 0;
    if (isCounted) this.leastUnpackedBytes += contentLength(yield { read: lengthSize });
    yield* this.blocks(!isCounted);
    yield { pass: hasChecksum ? CHECKSUM_SIZE : 0 };
  }

  private *blocks(isCounted: boolean): Generator<Step, void, Buffer> {
    for (let isLast = false; !isLast;) {
      const header = (yield { read: BLOCK_HEADER_SIZE }).readUIntLE(0, BLOCK_HEADER_SIZE);
      isLast = (header & 1) === 1;
      const type = blockTypes[((header >>> 1) & 0b11) as 0 | 1 | 2 | 3];
      const size = header >>> 3;
      if (type === 'RESERVED') throw invalidFile('its zstd is damaged: a block is of no known type');
      if (isCounted && type !== 'COMPRESSED') this.leastUnpackedBytes += BigInt(size);
      yield { pass: type === 'REPEATED' ? 1 : size };
    }
  }
}

function contentLength(bytes: Buffer): bigint {
  const length = Buffer.concat([bytes, Buffer.alloc(8 - bytes.length)]).readBigUInt64LE();
  return length + (bytes.length === 2 ? CONTENT_LENGTH_OFFSET : 0n);
}
