import { describe, expect, it } from 'vitest';
import { ExecutorView } from '../client/executor-view.js';
import type { ExecutorHostState, ExecutorLifecycle } from '../protocol/executor-state.js';
import { countReady, firstReady } from './first-ready.js';

/** A view that is told what to show; only the states matter here. */
class ToldView extends ExecutorView {
  readonly listeners = new Set<() => void>();
  private known: ExecutorHostState[] = [];

  show(...states: ExecutorLifecycle[]): void {
    const executors = states.map((state) => ({ state }));
    this.known = [{ hostId: 'h', executors, quarantined: [] } as unknown as ExecutorHostState];
    for (const listener of this.listeners) listener();
  }

  override hosts(): readonly ExecutorHostState[] {
    return this.known;
  }

  override onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

describe('firstReady', () => {
  it('waits for an executor that takes requests, and leaves no listener', async () => {
    const view = new ToldView();
    let isReady = false;
    const waiting = firstReady(view, 60_000).then(() => {
      isReady = true;
    });
    view.show('STARTING', 'BACKOFF');
    await Promise.resolve();
    expect([countReady(view), isReady]).toEqual([0, false]);
    view.show('READY', 'READY', 'DRAINING');
    await waiting;
    expect([countReady(view), view.listeners.size]).toEqual([2, 0]);
    await firstReady(view, 60_000);
  });

  it('waits no longer than it is told', async () => {
    const view = new ToldView();
    await Promise.all([firstReady(view, 1), new Promise((resolve) => setTimeout(resolve, 5))]);
    expect(view.listeners.size).toBe(0);
  });
});
