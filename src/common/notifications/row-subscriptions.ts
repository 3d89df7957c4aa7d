import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { ActorContext } from '../access/actor.js';
import { RowWatchers, type WatchedRow } from './row-watchers.js';

/** Where changes of rows are told. */
interface RowAnnouncements {
  subscribe(listener: (change: { readonly id: string }) => void): () => void;
  onGap(listener: () => void): () => void;
}

/** Tells subscribers of each change of a row until it ends. One listener in the process. */
export abstract class RowSubscriptions<Row> implements OnModuleInit, OnApplicationShutdown {
  private readonly watchers = new RowWatchers();
  private readonly endings: (() => void)[] = [];

  protected constructor(private readonly announcements: RowAnnouncements) {}

  onModuleInit(): void {
    this.endings.push(
      this.announcements.subscribe(({ id }) => this.watchers.wake(id)),
      this.announcements.onGap(() => this.watchers.wakeAll()),
    );
  }

  onApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) end();
    this.watchers.wakeAll();
  }

  /**
   * The row as it is now and after each change, up to the state in which it ended.
   * @throws {CodedError} NOT_FOUND by the first `next()`.
   */
  watch(context: ActorContext, id: string): AsyncIterableIterator<Row, undefined> {
    return this.watchers.watch(id, this.rowOf(context, id));
  }

  /** How many subscriptions are open. */
  get watching(): number {
    return this.watchers.watching;
  }

  protected abstract rowOf(context: ActorContext, id: string): WatchedRow<Row>;
}
