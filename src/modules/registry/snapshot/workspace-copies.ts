import type { Logger } from 'pino';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { Channel, Notifications } from '../../../common/notifications/notifications.js';
import { Refreshed } from './refreshed.js';

/** Several changes within this time lead to one reload, in milliseconds. */
const DEBOUNCE_MS = 20;
/** A copy older than this is loaded again even if nothing was heard, in milliseconds. */
const MAX_AGE_MS = 60_000;
/** Time between two loads that were not asked for by a notification, in milliseconds: what a miss or an outage may cost. */
const RETRY_MS = 1_000;
/** Workspaces that are held; the least recently used one leaves first. */
const MAX_WORKSPACES = 1_000;

interface Entry<Value extends object> {
  readonly copy: Refreshed<Value>;
  usedAt: number;
  timer: NodeJS.Timeout | undefined;
}

export interface WorkspaceCopiesOptions<Value extends object> {
  /** What the log calls the copies. */
  readonly what: string;
  /** Where changes are announced, each with the id of its workspace. */
  readonly channel: Channel;
  readonly load: (workspaceId: string) => Promise<Value>;
  readonly notifications: Notifications;
  readonly logger: Logger;
}

/**
 * Something of each workspace, in memory, so that predictions need not ask the database. Each copy is refreshed when a
 * change is announced, and keeps answering while the database is out of reach.
 */
export class WorkspaceCopies<Value extends object> {
  private readonly entries = new Map<string, Entry<Value>>();
  private readonly endings: (() => void)[] = [];
  private uses = 0;

  constructor(private readonly options: WorkspaceCopiesOptions<Value>) {}

  /** Begins to listen for changes. */
  open(): void {
    const { channel, notifications } = this.options;
    this.endings.push(
      notifications.subscribe(channel, (workspaceId) => this.refreshSoon(workspaceId)),
      notifications.onGap(() => void this.refreshAll()),
    );
  }

  close(): void {
    for (const end of this.endings.splice(0)) end();
    for (const { timer } of this.entries.values()) clearTimeout(timer);
    this.entries.clear();
  }

  /** The copy of a workspace: at once when it is held in memory. */
  of(workspaceId: string): Value | Promise<Value> {
    const { copy } = this.entryOf(workspaceId);
    const { current } = copy;
    if (current === undefined) return copy.first();
    if (copy.isDue(MAX_AGE_MS, RETRY_MS)) this.refreshInBackground(workspaceId, copy);
    return current;
  }

  /**
   * Finds something in the copy of a workspace, at once when that is held in memory. What is missing is looked for once
   * more before it is refused, at most once a second for each workspace, as it may have been made in another process
   * just now.
   * @param find returns what it found, or the error that says why there is nothing.
   * @throws {CodedError} that error, at once or by the promise.
   */
  find<Found extends object>(workspaceId: string, find: (value: Value) => Found | CodedError): Found | Promise<Found> {
    const value = this.of(workspaceId);
    if (value instanceof Promise) return value.then((first) => orThrow(find(first)));
    const found = find(value);
    if (!(found instanceof CodedError)) return found;
    const { copy } = this.entryOf(workspaceId);
    if (copy.idleMs < RETRY_MS) throw found;
    return lookAgain(copy, find, found);
  }

  /**
   * To be called after a change was committed: when it settles this process sees the change, and the others are told.
   * It does not fail, as the change is done: a copy that cannot be refreshed is tried again later.
   */
  async changed(workspaceId: string): Promise<void> {
    const { notifications, channel } = this.options;
    const refreshing = this.entries.get(workspaceId)?.copy.refresh();
    const telling = notifications.publish(channel, workspaceId);
    const results = await Promise.allSettled([refreshing, telling]);
    for (const result of results) {
      if (result.status === 'rejected') this.logFailure(workspaceId, result.reason);
    }
  }

  private entryOf(workspaceId: string): Entry<Value> {
    this.uses += 1;
    const held = this.entries.get(workspaceId);
    if (held !== undefined) {
      held.usedAt = this.uses;
      return held;
    }
    const copy = new Refreshed(() => this.options.load(workspaceId));
    const entry = { copy, usedAt: this.uses, timer: undefined };
    this.entries.set(workspaceId, entry);
    if (this.entries.size > MAX_WORKSPACES) this.dropLeastUsed();
    return entry;
  }

  private dropLeastUsed(): void {
    const [least] = [...this.entries].toSorted(([, one], [, other]) => one.usedAt - other.usedAt);
    if (least === undefined) return;
    clearTimeout(least[1].timer);
    this.entries.delete(least[0]);
  }

  /** Only for workspaces that are held: nobody here asked for the others. */
  private refreshSoon(workspaceId: string): void {
    const entry = this.entries.get(workspaceId);
    if (entry === undefined || entry.timer !== undefined) return;
    entry.timer = setTimeout(() => {
      entry.timer = undefined;
      this.refreshInBackground(workspaceId, entry.copy);
    }, DEBOUNCE_MS);
    entry.timer.unref();
  }

  /** One after the other: after an outage the database has other work too. */
  private async refreshAll(): Promise<void> {
    for (const [workspaceId, { copy }] of this.entries) {
      await copy.refresh().catch((thrown: unknown) => this.logFailure(workspaceId, thrown));
    }
  }

  private refreshInBackground(workspaceId: string, copy: Refreshed<Value>): void {
    copy.refresh().catch((thrown: unknown) => this.logFailure(workspaceId, thrown));
  }

  private logFailure(workspaceId: string, thrown: unknown): void {
    const { logger, what } = this.options;
    logger.warn({ err: thrown, workspaceId }, `${what} could not be refreshed or announced`);
  }
}

async function lookAgain<Value extends object, Found extends object>(
  copy: Refreshed<Value>,
  find: (value: Value) => Found | CodedError,
  missing: CodedError,
): Promise<Found> {
  const fresh = await copy.refresh().catch(() => null);
  if (fresh === null) throw missing;
  return orThrow(find(fresh));
}

function orThrow<Found extends object>(found: Found | CodedError): Found {
  if (found instanceof CodedError) throw found;
  return found;
}
