/** Runs a bounded number of tasks at a time; the others wait in the order in which they came. */
export class Places {
  private taken = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly count: number) {}

  /** Tasks that wait for a place. */
  get waiting(): number {
    return this.queue.length;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.taken < this.count) this.taken += 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    try {
      return await task();
    } finally {
      // The place goes to the next in line without becoming free in between.
      const next = this.queue.shift();
      if (next === undefined) this.taken -= 1;
      else next();
    }
  }
}
