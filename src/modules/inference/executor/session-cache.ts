import type { HeldModel } from '../protocol/control.js';
import { BatchCost } from './batch-cost.js';
import type { ModelSession } from './model-session.js';

/** A model that is loaded. */
export interface LoadedModel extends HeldModel {
  readonly session: ModelSession;
  readonly cost: BatchCost;
}

/** Loaded models, bounded by the bytes of their files: the least recently used one leaves first. */
export class SessionCache {
  /** In the order of last use. */
  private readonly models = new Map<string, LoadedModel>();
  private totalBytes = 0;

  constructor(private readonly maxBytes: number) {}

  has(digest: string): boolean {
    return this.models.has(digest);
  }

  /** The model, from now on the most recently used. */
  use(digest: string): LoadedModel | undefined {
    const model = this.models.get(digest);
    if (model !== undefined) {
      this.models.delete(digest);
      this.models.set(digest, model);
    }
    return model;
  }

  /** Makes room for a model of this many bytes, which may alone exceed the limit; returns the models that had to leave. */
  async makeRoom(bytes: number): Promise<HeldModel[]> {
    const evicted: HeldModel[] = [];
    for (const model of this.models.values()) {
      if (this.totalBytes + bytes <= this.maxBytes) break;
      this.models.delete(model.digest);
      this.totalBytes -= model.bytes;
      evicted.push(model);
      await model.session.release();
    }
    return evicted;
  }

  add(digest: string, bytes: number, session: ModelSession): void {
    this.models.set(digest, { digest, bytes, session, cost: new BatchCost() });
    this.totalBytes += bytes;
  }

  list(): HeldModel[] {
    return [...this.models.values()].map(({ digest, bytes }) => ({ digest, bytes }));
  }
}
