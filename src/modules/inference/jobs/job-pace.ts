/** Places at the beginning: few, for nothing is known of how long the jobs take. */
const START = 8;

/** A job should wait for its executor no longer than this, in milliseconds: what it waits comes off its deadline. */
const TARGET_MS = 1_000;

/**
 * How many jobs a worker should have in hand. Fast ones take many at a time to be worth their round trips; of slow ones
 * many would only wait in front of the executors until their deadlines pass, while another worker might have time.
 */
export class JobPace {
  private limit: number;

  /**
   * @param maximum most places.
   * @param minimum fewest places: what keeps every executor busy.
   */
  constructor(
    private readonly maximum: number,
    private readonly minimum: () => number,
  ) {
    this.limit = Math.min(START, maximum);
  }

  get places(): number {
    return Math.min(this.maximum, Math.max(this.limit, this.minimum()));
  }

  /**
   * Learns from a job that ended.
   * @param elapsedMs its time with the executors, waiting included.
   * @param inHand jobs that were in hand when it began, itself included.
   */
  observe(elapsedMs: number, inHand: number): void {
    if (elapsedMs > TARGET_MS) {
      this.limit = Math.max(1, Math.min(this.limit, Math.floor((inHand * TARGET_MS) / elapsedMs)));
    } else if (elapsedMs < TARGET_MS / 2 && inHand * 2 >= this.places && this.limit < this.maximum) {
      // One more for each that was quick, twice as many after a round; but not where most places were empty.
      this.limit += 1;
    }
  }
}
