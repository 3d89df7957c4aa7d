import { CodedError } from '../../../common/errors/coded-error.js';
import { hexOfDigest } from '../../../common/storage/digest.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { ExecutorView } from '../client/executor-view.js';
import { keepers, readyExecutors } from '../client/placement.rules.js';
import { stateOf, whyNowhere } from './model-state.rules.js';

/** How often is looked, even if nothing was heard, in milliseconds. */
const LOOK_EVERY_MS = 250;

/** Watches executors load one version, or let go of it. */
export class ModelLoading {
  private readonly digest: string;
  /** The last attempt of each executor that had failed before: what comes now is a later one. */
  private readonly attemptsBefore: ReadonlyMap<string, number>;

  constructor(
    private readonly target: ServableVersion,
    private readonly view: ExecutorView,
  ) {
    this.digest = hexOfDigest(target.digest);
    this.attemptsBefore = new Map(this.failures().map(({ executor, attempt }) => [executor, attempt]));
  }

  /**
   * Resolves once all executors that are to keep the version hold it.
   * @throws {CodedError} of the executor that could not load it; EXECUTORS_UNAVAILABLE, DEADLINE_EXCEEDED.
   */
  async loaded(timeoutMs: number): Promise<void> {
    const isDone = await this.until(timeoutMs, () => {
      const failure = this.failures().find(
        ({ executor, attempt }) => attempt > (this.attemptsBefore.get(executor) ?? 0),
      );
      if (failure !== undefined) {
        const { code, message, retryAfterMs } = failure.error;
        throw new CodedError(code, `${this.name} could not be loaded. ${message}`, {
          ...(retryAfterMs !== undefined && { retryAfterMs }),
        });
      }
      return this.isHeldByAll();
    });
    if (isDone) return;
    const why = whyNowhere(this.target, this.view.hosts());
    if (why !== undefined) {
      throw new CodedError('EXECUTORS_UNAVAILABLE', `${this.name} is not loaded: ${why}. It will be once one can.`);
    }
    throw new CodedError(
      'DEADLINE_EXCEEDED',
      `${this.name} was not loaded within ${timeoutMs} ms. Executors go on loading it; see modelRepositoryIndex.`,
    );
  }

  /**
   * Resolves once no executor holds the version.
   * @throws {CodedError} DEADLINE_EXCEEDED.
   */
  async released(timeoutMs: number): Promise<void> {
    const isDone = await this.until(timeoutMs, () => stateOf(this.target, this.view.hosts()).instances.length === 0);
    if (isDone) return;
    throw new CodedError(
      'DEADLINE_EXCEEDED',
      `${this.name} was still held after ${timeoutMs} ms. It takes no requests, and leaves when those in flight are answered.`,
    );
  }

  private get name(): string {
    return `Version ${this.target.version} of model ${JSON.stringify(this.target.model)}`;
  }

  private isHeldByAll(): boolean {
    const hosts = this.view.hosts();
    const wanted = keepers(readyExecutors(hosts), this.digest, this.target.serving?.policy ?? {});
    const holding = new Set(
      stateOf(this.target, hosts).instances.flatMap(({ executor, state }) => (state === 'READY' ? [executor] : [])),
    );
    return wanted.length > 0 && wanted.every(({ id }) => holding.has(id));
  }

  private failures() {
    return this.view
      .hosts()
      .flatMap(({ executors }) => executors)
      .flatMap(({ id: executor, failures }) => failures.map((failure) => ({ executor, ...failure })))
      .filter(({ digest }) => digest === this.digest);
  }

  /** @returns whether the condition came to hold in time. @throws whatever the condition throws. */
  private async until(timeoutMs: number, condition: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const endings: (() => void)[] = [];
      const end = (): void => {
        for (const ending of endings.splice(0)) ending();
      };
      const look = (): void => {
        try {
          if (!condition()) return;
          end();
          resolve(true);
        } catch (error) {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timeout = setTimeout(() => {
        end();
        resolve(false);
      }, timeoutMs);
      const interval = setInterval(look, LOOK_EVERY_MS);
      endings.push(
        () => clearTimeout(timeout),
        () => clearInterval(interval),
        this.view.onChange(look),
      );
      look();
    });
  }
}
