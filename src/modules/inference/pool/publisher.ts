import type { ExecutorHostState } from '../protocol/executor-state.js';
import type { ExecutorDirectory } from './executor-directory.js';
import type { ExecutorLog } from './executor-log.js';

const DEBOUNCE_MS = 50;
const INTERVAL_MS = 1_000;

/** Makes the state of a pool known: soon after each change, and at least once a second; never twice at a time. */
export class Publisher {
  private readonly interval: NodeJS.Timeout;
  private debounce: NodeJS.Timeout | undefined;
  private publishing: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly directory: ExecutorDirectory,
    private readonly state: () => ExecutorHostState,
    private readonly log: ExecutorLog,
  ) {
    this.interval = setInterval(() => this.publish(), INTERVAL_MS);
  }

  /** Something is different: it is published within 50 milliseconds. */
  changed(): void {
    this.debounce ??= setTimeout(() => this.publish(), DEBOUNCE_MS);
  }

  /** Publishes a last time. */
  async stop(): Promise<void> {
    clearInterval(this.interval);
    this.publish();
    await this.publishing;
    clearTimeout(this.debounce);
  }

  private publish(): void {
    clearTimeout(this.debounce);
    this.debounce = undefined;
    // One that waits for its turn will read the newest state.
    if (this.waiting > 0) return;
    this.waiting += 1;
    this.publishing = this.publishing.then(async () => {
      this.waiting -= 1;
      await this.directory.publish(this.state());
    });
    this.publishing = this.publishing.catch((error: unknown) => {
      this.log('error', 'The state of the executors cannot be published', { error });
    });
  }
}
