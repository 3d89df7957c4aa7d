/** What one earlier observation still weighs when the next arrives: about the last 20 runs count. */
const DECAY = 0.95;
/** A batch may have at most this many times the rows of the largest one seen: a fit says little beyond its data. */
const GROWTH = 4;
/** Where one row alone takes longer than a batch should, a batch may take this many times as long as that row. */
const OVERRUN = 1.5;

/**
 * Learns what a run of a model costs: `ms = fixed + perRow · rows`, fitted by exponentially weighted least squares.
 */
export class BatchCost {
  private weight = 0;
  private rows = 0;
  private ms = 0;
  private rowsSquared = 0;
  private rowsTimesMs = 0;
  private largest = 0;

  /** Takes in one run of `rows` rows that took `ms` milliseconds. */
  observe(rows: number, ms: number): void {
    this.weight = this.weight * DECAY + 1;
    this.rows = this.rows * DECAY + rows;
    this.ms = this.ms * DECAY + ms;
    this.rowsSquared = this.rowsSquared * DECAY + rows * rows;
    this.rowsTimesMs = this.rowsTimesMs * DECAY + rows * ms;
    this.largest = Math.max(this.largest, rows);
  }

  /** The most rows, from 1 to `maximum`, that one run should take to end within `ms` milliseconds. */
  rowsWithin(ms: number, maximum: number): number {
    if (this.weight === 0) return 1;
    const { fixed, perRow } = this.fit();
    const budget = Math.max(ms, OVERRUN * (fixed + perRow));
    const affordable = perRow === 0 ? maximum : Math.floor((budget - fixed) / perRow);
    return Math.max(1, Math.min(affordable, maximum, this.largest * GROWTH));
  }

  private fit(): { fixed: number; perRow: number } {
    const meanRows = this.rows / this.weight;
    const meanMs = this.ms / this.weight;
    const variance = this.rowsSquared / this.weight - meanRows * meanRows;
    // All runs alike say nothing about the slope: assume the dearest case, that every row costs the same.
    if (variance < 1e-9) return { fixed: 0, perRow: meanMs / meanRows };
    const slope = (this.rowsTimesMs / this.weight - meanRows * meanMs) / variance;
    const perRow = Math.min(Math.max(slope, 0), meanMs / meanRows);
    return { fixed: meanMs - perRow * meanRows, perRow };
  }
}
