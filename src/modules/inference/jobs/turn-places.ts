interface Waiter {
  readonly wanted: number;
  readonly grant: (count: number) => void;
}

/** Places for turns that are in hand, whose number may change. Who waits for some is served in the order of coming. */
export class TurnPlaces {
  private readonly waiters: Waiter[] = [];
  private taken = 0;
  private isClosed = false;

  /** @param limit how many turns may be in hand now. */
  constructor(private readonly limit: () => number) {}

  /** Places that are taken. */
  get inHand(): number {
    return this.taken;
  }

  /**
   * Takes as many places as there are, `wanted` at most; where there is none, waits for one.
   * @param withinMs how long it waits; for ever where it is left out.
   * @returns how many were taken; 0 when the time is up, or no more are given.
   */
  take(wanted: number, withinMs?: number): Promise<number> {
    if (this.isClosed) return Promise.resolve(0);
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const waiter = {
        wanted,
        grant: (count: number): void => {
          clearTimeout(timer);
          resolve(count);
        },
      };
      this.waiters.push(waiter);
      this.serve();
      if (withinMs === undefined || !this.waiters.includes(waiter)) return;
      timer = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        resolve(0);
      }, withinMs);
    });
  }

  release(): void {
    this.taken -= 1;
    this.serve();
  }

  /** Gives no more places, and sends those away who wait. */
  close(): void {
    this.isClosed = true;
    for (const { grant } of this.waiters.splice(0)) grant(0);
  }

  private serve(): void {
    for (let free = this.limit() - this.taken; free > 0; free = this.limit() - this.taken) {
      const next = this.waiters.shift();
      if (next === undefined) return;
      const count = Math.min(free, next.wanted);
      this.taken += count;
      next.grant(count);
    }
  }
}
