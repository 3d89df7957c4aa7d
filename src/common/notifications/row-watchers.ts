/** A subscription looks at its row this often even if nothing was announced, in milliseconds. */
const LOOK_AGAIN_MS = 15_000;

/** A row that somebody watches until it has ended. */
export interface WatchedRow<Row> {
  /** The row as it is now; null where there is none. */
  readonly look: () => Promise<Row | null>;
  /** What the watcher is told where there is none. */
  readonly missing: () => Error;
  readonly isEnded: (row: Row) => boolean;
  /** Two looks at the row with the same fingerprint are not worth telling apart. */
  readonly fingerprint: (row: Row) => string;
}

/**
 * Those who watch rows of a table, by id. An announcement only says that it is time to look at the row, which is looked
 * at once at the beginning and after every gap, so that nothing is missed.
 */
export class RowWatchers {
  /** What to call when a row may have changed, by its id. */
  private readonly watchers = new Map<string, Set<() => void>>();

  /** How many watch. */
  get watching(): number {
    let count = 0;
    for (const wakers of this.watchers.values()) count += wakers.size;
    return count;
  }

  /** The row as it is now and after each change, up to the state in which it ended. */
  watch<Row>(id: string, row: WatchedRow<Row>): AsyncIterableIterator<Row, undefined> {
    return new RowUpdates(row, (wake) => this.register(id, wake));
  }

  wake(id: string): void {
    for (const wake of this.watchers.get(id) ?? []) wake();
  }

  wakeAll(): void {
    for (const id of this.watchers.keys()) this.wake(id);
  }

  private register(id: string, wake: () => void): () => void {
    const wakers = this.watchers.get(id) ?? new Set();
    this.watchers.set(id, wakers.add(wake));
    return () => {
      wakers.delete(wake);
      if (wakers.size === 0 && this.watchers.get(id) === wakers) this.watchers.delete(id);
    };
  }
}

/** By hand instead of a generator: `return()` must end a `next()` that waits, which a generator's does not. */
class RowUpdates<Row> implements AsyncIterableIterator<Row, undefined> {
  private readonly unregister: () => void;
  private isDone = false;
  /** Something may have happened since the row was last looked at; at the beginning nobody has looked yet. */
  private isStale = true;
  private resume: (() => void) | undefined;
  private lastSeen: string | undefined;

  constructor(
    private readonly row: WatchedRow<Row>,
    register: (wake: () => void) => () => void,
  ) {
    this.unregister = register(() => {
      this.isStale = true;
      this.resume?.();
    });
  }

  async next(): Promise<IteratorResult<Row, undefined>> {
    while (!this.isDone) {
      if (!this.isStale) await this.change();
      if (this.isDone) break;
      this.isStale = false;
      const row = await this.row.look().catch((error: unknown) => this.fail(error));
      if (row === null) return this.fail(this.row.missing());
      const seen = this.row.fingerprint(row);
      if (this.row.isEnded(row)) this.finish();
      if (seen === this.lastSeen) continue;
      this.lastSeen = seen;
      return { done: false, value: row };
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Row, undefined>> {
    this.finish();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private fail(error: unknown): never {
    this.finish();
    throw error;
  }

  private finish(): void {
    this.isDone = true;
    this.unregister();
    this.resume?.();
  }

  private async change(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_AGAIN_MS);
      timer.unref();
      this.resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.resume = undefined;
    this.isStale = true;
  }
}
