/** A part of the file whose rows are run together. */
export interface ChunkRange {
  /** From 0, in the order of the file. */
  readonly index: number;
  /** Number of its first row, from 1. */
  readonly firstRow: number;
  readonly rows: number;
  /** Where it begins in the file. */
  readonly startByte: number;
  /** Where it ends: the first byte that is not its own. */
  readonly endByte: number;
}

/** Cuts the rows of a file into chunks, each bounded by rows and by bytes; a longer row is a chunk of its own. */
export class ChunkCutter {
  private index = 0;
  private firstRow = 1;
  private rows = 0;

  /** @param startByte where the first row begins. */
  constructor(
    private readonly maxRows: number,
    private readonly maxBytes: number,
    private startByte: number,
    private endByte = startByte,
  ) {}

  /** Rows that were added. */
  get rowsTotal(): number {
    return this.firstRow - 1 + this.rows;
  }

  /** Adds the next row, which ends before `endByte`. @returns the chunk that ended before it, if one did. */
  add(endByte: number): ChunkRange | undefined {
    const isFull = this.rows >= this.maxRows || (this.rows > 0 && endByte - this.startByte > this.maxBytes);
    const ended = isFull ? this.cut() : undefined;
    this.rows += 1;
    this.endByte = endByte;
    return ended;
  }

  /** The last chunk; undefined where no row is left. */
  finish(): ChunkRange | undefined {
    return this.rows === 0 ? undefined : this.cut();
  }

  private cut(): ChunkRange {
    const { index, firstRow, rows, startByte, endByte } = this;
    this.index += 1;
    this.firstRow += rows;
    this.rows = 0;
    this.startByte = endByte;
    return { index, firstRow, rows, startByte, endByte };
  }
}
