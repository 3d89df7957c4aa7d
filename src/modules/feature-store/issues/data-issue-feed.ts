import { Injectable } from '@nestjs/common';
import { channels, Notifications } from '../../../common/notifications/notifications.js';

/** Issues that one subscriber may be behind; of more the oldest are left out, as lists tell them all. */
const MAX_BEHIND = 1_000;

/** Tells all processes which issues changed. What is lost on the way, the list of issues tells. */
@Injectable()
export class DataIssueFeed {
  constructor(private readonly notifications: Notifications) {}

  /** Call after commit. */
  async tell(workspaceId: string, id: string): Promise<void> {
    await this.notifications.publish(channels.dataIssueChanged, `${workspaceId} ${id}`);
  }

  /** Ids of the issues of a workspace that change from now on. */
  watch(workspaceId: string): AsyncIterableIterator<string, undefined> {
    return new ChangedIssues((listener) =>
      this.notifications.subscribe(channels.dataIssueChanged, (message) => {
        const [workspace, id] = message.split(' ');
        if (workspace === workspaceId && id !== undefined) listener(id);
      }),
    );
  }
}

/** By hand instead of a generator: `return()` must end a `next()` that waits, which a generator's does not. */
class ChangedIssues implements AsyncIterableIterator<string, undefined> {
  private readonly unsubscribe: () => void;
  private readonly waiting = new Set<string>();
  private isDone = false;
  private resume: (() => void) | undefined;

  constructor(subscribe: (listener: (id: string) => void) => () => void) {
    this.unsubscribe = subscribe((id) => {
      const [oldest] = this.waiting;
      if (this.waiting.size >= MAX_BEHIND && oldest !== undefined) this.waiting.delete(oldest);
      this.waiting.add(id);
      this.resume?.();
    });
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    while (!this.isDone) {
      const [id] = this.waiting;
      if (id !== undefined) {
        this.waiting.delete(id);
        return { done: false, value: id };
      }
      await new Promise<void>((resolve) => {
        this.resume = resolve;
      });
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    this.isDone = true;
    this.unsubscribe();
    this.resume?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
