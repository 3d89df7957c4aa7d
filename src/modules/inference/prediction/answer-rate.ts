const BUCKET_MS = 100;
const BUCKETS = 10;
const SECOND_MS = 1_000;

/** How many answers a second there were of late, over the last second. Times are those of one clock, in milliseconds. */
export class AnswerRate {
  private readonly counts = Array.from({ length: BUCKETS }, () => 0);
  /** Number of the newest bucket, counted from the clock's zero. */
  private newest = 0;

  /** @param now never before that of an earlier call. */
  add(now: number): void {
    this.moveTo(now);
    const at = this.newest % BUCKETS;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
  }

  perSecond(now: number): number {
    this.moveTo(now);
    return (this.counts.reduce((sum, count) => sum + count, 0) * SECOND_MS) / (BUCKETS * BUCKET_MS);
  }

  private moveTo(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    if (bucket === this.newest) return;
    const first = Math.max(this.newest + 1, bucket - BUCKETS + 1);
    for (let each = first; each <= bucket; each += 1) this.counts[each % BUCKETS] = 0;
    this.newest = bucket;
  }
}
