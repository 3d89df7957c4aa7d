/**
 * A copy of something that can be loaded again. Loads never overlap, and `refresh` promises one that began after it was
 * called, so that whoever waits for it sees what was written before.
 */
export class Refreshed<Value extends object> {
  private loaded: { readonly value: Value; readonly at: number } | undefined;
  private running: Promise<Value> | undefined;
  private next: Promise<Value> | undefined;
  private failedAt = -Infinity;
  private failed = false;

  constructor(private readonly load: () => Promise<Value>) {}

  /** The copy, or undefined before the first load. */
  get current(): Value | undefined {
    return this.loaded?.value;
  }

  /** The copy is older than this many milliseconds or a load failed, and none runs or failed within `retryMs`. */
  isDue(maxAgeMs: number, retryMs: number): boolean {
    if (this.running !== undefined) return false;
    const now = Date.now();
    return (this.failed || now - this.loadedAt > maxAgeMs) && now - this.failedAt > retryMs;
  }

  /** Milliseconds since the copy was loaded or, later, a load failed. */
  get idleMs(): number {
    return Date.now() - Math.max(this.loadedAt, this.failedAt);
  }

  /** Loads once more, beginning after this call. Whoever calls while one waits to begin shares it. */
  async refresh(): Promise<Value> {
    if (this.running === undefined) return this.run();
    this.next ??= this.running.then(
      () => this.run(),
      () => this.run(),
    );
    return this.next;
  }

  /** The load that runs, or a new one: for those who have nothing yet and take what comes first. */
  async first(): Promise<Value> {
    return this.running ?? this.run();
  }

  private get loadedAt(): number {
    return this.loaded?.at ?? -Infinity;
  }

  private run(): Promise<Value> {
    this.next = undefined;
    const beganAt = Date.now();
    this.failed = false;
    const run = this.load().then(
      (value) => {
        this.loaded = { value, at: beganAt };
        return value;
      },
      (thrown: unknown) => {
        this.failedAt = Date.now();
        this.failed = true;
        throw thrown;
      },
    );
    this.running = run;
    const settle = () => {
      if (this.running === run) this.running = undefined;
    };
    run.then(settle, settle);
    return run;
  }
}
