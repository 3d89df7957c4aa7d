import type { HeldModel } from '../protocol/control.js';
import { BatchCost } from './batch-cost.js';
import type { ModelSession } from './model-session.js';

/** A model that is loaded. */
export interface LoadedModel extends HeldModel {
  readonly session: ModelSession;
  readonly cost: BatchCost;
}

interface Entry extends LoadedModel {
  /** How many are working with it. */
  borrowers: number;
  /** Nobody gets it any more; it is released when the last borrower has given it back. */
  hasLeft: boolean;
}

/**
 * Loaded models, bounded by the bytes of their files: the least recently used one leaves first. Whoever works with a
 * model borrows it, and nothing that is borrowed is ever released.
 */
export class SessionCache {
  /** In the order of last use. */
  private readonly models = new Map<string, Entry>();
  private totalBytes = 0;

  constructor(private readonly maxBytes: number) {}

  has(digest: string): boolean {
    return this.models.has(digest);
  }

  /** What was learned of a model's cost; does not count as use. */
  costOf(digest: string): BatchCost | undefined {
    return this.models.get(digest)?.cost;
  }

  /**
   * Works with a model, from now on the most recently used.
   * @returns undefined where it is not loaded.
   */
  async borrow<Result>(digest: string, work: (model: LoadedModel) => Promise<Result>): Promise<Result | undefined> {
    const model = this.models.get(digest);
    if (model === undefined) return undefined;
    this.models.delete(digest);
    this.models.set(digest, model);
    model.borrowers += 1;
    try {
      return await work(model);
    } finally {
      model.borrowers -= 1;
      if (model.hasLeft) await this.releaseUnused(model);
    }
  }

  /**
   * Makes room for a model of this many bytes, which may alone exceed the limit.
   * @param isKept models that leave only where all others are not enough
   * @returns the models that had to leave.
   */
  async makeRoom(bytes: number, isKept: (digest: string) => boolean = () => false): Promise<HeldModel[]> {
    const idle = [...this.models.values()].filter(({ borrowers }) => borrowers === 0);
    const evicted: HeldModel[] = [];
    for (const model of [
      ...idle.filter(({ digest }) => !isKept(digest)),
      ...idle.filter(({ digest }) => isKept(digest)),
    ]) {
      if (this.totalBytes + bytes <= this.maxBytes) break;
      // Somebody may have begun to work with it while another one was released.
      if (model.borrowers > 0 || model.hasLeft) continue;
      evicted.push(model);
      await this.remove(model.digest);
    }
    return evicted;
  }

  add(digest: string, bytes: number, session: ModelSession): void {
    this.models.set(digest, { digest, bytes, session, cost: new BatchCost(), borrowers: 0, hasLeft: false });
    this.totalBytes += bytes;
  }

  /** Lets go of a model, and of its memory as soon as nobody works with it. */
  async remove(digest: string): Promise<void> {
    const model = this.models.get(digest);
    if (model === undefined) return;
    this.models.delete(digest);
    model.hasLeft = true;
    await this.releaseUnused(model);
  }

  list(): HeldModel[] {
    return [...this.models.values()].map(({ digest, bytes }) => ({ digest, bytes }));
  }

  private async releaseUnused(model: Entry): Promise<void> {
    if (model.borrowers > 0) return;
    this.totalBytes -= model.bytes;
    await model.session.release();
  }
}
