import { CodedError } from '../../../common/errors/coded-error.js';
import type { LoadFailure, ModelOrders, ResidentModel } from '../protocol/control.js';

/** When a model that could not be loaded, or had to leave, is tried again, in milliseconds. */
const RETRY_MS = 30_000;

interface Failure extends LoadFailure {
  /** By `performance.now()`. */
  readonly retryAt: number;
}

/** What an executor was told about models: which it is to keep loaded, which it is to refuse, and what became of it. */
export class Residents {
  private kept = new Map<string, ResidentModel>();
  private refusedDigests: ReadonlySet<string> = new Set();
  private readonly failed = new Map<string, Failure>();
  private attempts = 0;

  /** @param maxBytes bytes of model files that an executor keeps loaded. */
  constructor(private readonly maxBytes: number) {}

  get refused(): ReadonlySet<string> {
    return this.refusedDigests;
  }

  get failures(): LoadFailure[] {
    return [...this.failed.values()].map(({ digest, attempt, error }) => ({ digest, attempt, error }));
  }

  /** Takes the place of all orders before. Of what does not fit, the last in the list is not kept. */
  take({ residents, refused }: ModelOrders): void {
    const before = this.kept;
    this.kept = new Map(residents.map((resident) => [resident.digest, resident]));
    this.refusedDigests = new Set(refused);
    for (const [digest, { retryAt }] of this.failed) {
      const isNews = this.kept.get(digest)?.revision !== before.get(digest)?.revision;
      if (isNews || retryAt === Infinity) this.failed.delete(digest);
    }
    let bytes = 0;
    for (const resident of residents) {
      bytes += resident.bytes;
      if (bytes <= this.maxBytes || bytes === resident.bytes) continue;
      bytes -= resident.bytes;
      this.note(resident.digest, noRoom(resident.bytes, this.maxBytes - bytes), Infinity);
    }
  }

  isKept(digest: string): boolean {
    return this.kept.has(digest) && this.failed.get(digest)?.retryAt !== Infinity;
  }

  /** Digests of models that are to be loaded now, unless they are. */
  due(now: number): string[] {
    return [...this.kept.keys()].filter((digest) => (this.failed.get(digest)?.retryAt ?? 0) <= now);
  }

  noteFailure(digest: string, error: CodedError): void {
    if (this.isKept(digest)) this.note(digest, error, performance.now() + RETRY_MS);
  }

  noteEvicted(digest: string): void {
    const message = 'The model had to leave for one that was asked for; it is loaded again in a while.';
    this.noteFailure(digest, new CodedError('OVERLOADED', message));
  }

  noteLoaded(digest: string): void {
    this.failed.delete(digest);
  }

  private note(digest: string, { code, message, retryAfterMs }: CodedError, retryAt: number): void {
    this.attempts += 1;
    this.failed.set(digest, { digest, attempt: this.attempts, error: { code, message, retryAfterMs }, retryAt });
  }
}

function noRoom(bytes: number, left: number): CodedError {
  const message =
    `The model takes ${bytes} bytes; the models that are kept loaded leave ${left} ` +
    '(NESTOR_EXECUTOR_CACHE_BYTES). Unload another one, or give executors more.';
  return new CodedError('OVERLOADED', message);
}
