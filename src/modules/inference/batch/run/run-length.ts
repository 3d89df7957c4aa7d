import { BatchCost } from '../../executor/batch-cost.js';

/** Models whose cost is remembered; the one that was first met is forgotten first. */
const MAX_REMEMBERED = 1_000;

/**
 * How many rows of a model go into one run: as many as take about the time of one batch, so that a file neither keeps an
 * executor from everybody else nor makes it look hung. A model that is not known yet begins with one row.
 */
export class RunLength {
  private readonly costs = new Map<string, BatchCost>();

  /**
   * @param targetMs time that one run should take, in milliseconds.
   * @param maximum most rows of one run.
   */
  constructor(
    private readonly targetMs: number,
    private readonly maximum: number,
  ) {}

  /** @param digest of the model's file. */
  rowsFor(digest: string): number {
    return this.costs.get(digest)?.rowsWithin(this.targetMs, this.maximum) ?? 1;
  }

  /** Learns from a run; rows of other callers that were joined with it count too. */
  observe(digest: string, { batchRows, inferenceMs }: { batchRows: number; inferenceMs: number }): void {
    const cost = this.costs.get(digest) ?? new BatchCost();
    cost.observe(batchRows, inferenceMs);
    this.costs.set(digest, cost);
    const [oldest] = this.costs.keys();
    if (this.costs.size > MAX_REMEMBERED && oldest !== undefined) this.costs.delete(oldest);
  }
}
