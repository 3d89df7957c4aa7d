/**
 * Does something again and again, one at a time, until it is stopped. Who asks for it while it is under way gets it done
 * once more afterwards: what was changed before it was asked for is seen.
 */
export class PeriodicTask {
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> | undefined;
  private isWanted = false;
  private isStopped = false;

  /**
   * @param everyMs time between two beginnings, in milliseconds; where the task takes longer, beginnings are left out.
   * @param failed is told why it could not be done; the next time comes all the same.
   */
  constructor(
    private readonly everyMs: number,
    private readonly task: () => Promise<unknown>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** From now on it is done periodically. This alone keeps no process alive. */
  start(): void {
    this.timer = setInterval(() => {
      if (this.underWay === undefined) void this.run();
    }, this.everyMs).unref();
  }

  /** Does it now. Never fails; does nothing once it is stopped. */
  async run(): Promise<void> {
    if (this.isStopped) return;
    this.isWanted = true;
    this.underWay ??= this.whileWanted();
    await this.underWay;
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.underWay;
  }

  private async whileWanted(): Promise<void> {
    while (this.isWanted && !this.isStopped) {
      this.isWanted = false;
      try {
        await this.task();
      } catch (error) {
        this.failed(error);
      }
    }
    this.underWay = undefined;
  }
}
