/** A value that is read at most once in a while, whoever asks. */
export class Remembered<Value> {
  private value: Value | null = null;
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;

  /** @param freshMs age up to which the value is good enough, in milliseconds. */
  constructor(
    private readonly freshMs: number,
    private readonly read: () => Promise<Value>,
  ) {}

  /** The value, or the last one where it cannot be read; null where it never could. */
  async get(): Promise<Value | null> {
    if (performance.now() - this.readAt > this.freshMs) {
      this.reading ??= this.refresh();
      await this.reading;
    }
    return this.value;
  }

  private async refresh(): Promise<void> {
    try {
      this.value = await this.read();
    } catch {
      // The one before is better than none; whoever depends on the source reports that it is away.
    } finally {
      this.readAt = performance.now();
      this.reading = undefined;
    }
  }
}
