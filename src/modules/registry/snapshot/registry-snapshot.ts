import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { CodedError } from '../../../common/errors/coded-error.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { CatalogRepository } from './catalog.repository.js';
import { type Catalog, findServable } from './catalog.rules.js';
import { Refreshed } from './refreshed.js';
import type { ModelReference, ServableVersion } from './servable-version.js';

/** Several changes within this time lead to one reload, in milliseconds. */
const DEBOUNCE_MS = 20;
/** A copy older than this is loaded again even if nothing was heard, in milliseconds. */
const MAX_AGE_MS = 60_000;
/** Time between two loads that were not asked for by a notification, in milliseconds: what a miss or an outage may cost. */
const RETRY_MS = 1_000;
/** Workspaces whose models are held; the least recently used one leaves first. */
const MAX_WORKSPACES = 1_000;

interface Entry {
  readonly catalog: Refreshed<Catalog>;
  usedAt: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The registry as predictions see it: models, versions and aliases of each workspace in memory. Each copy is refreshed
 * when a change is announced, and keeps answering while the database is out of reach.
 */
@Injectable()
export class RegistrySnapshot implements OnModuleInit, OnApplicationShutdown {
  private readonly entries = new Map<string, Entry>();
  private readonly endings: (() => void)[] = [];
  private uses = 0;

  constructor(
    private readonly repository: CatalogRepository,
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.endings.push(
      this.notifications.subscribe(channels.registryChanged, (workspaceId) => this.refreshSoon(workspaceId)),
      this.notifications.onGap(() => void this.refreshAll()),
    );
  }

  onApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) end();
    for (const { timer } of this.entries.values()) clearTimeout(timer);
    this.entries.clear();
  }

  /**
   * The version a caller means: the one named by number, else by alias, else the one in PRODUCTION (of several the
   * newest), else the newest. Archived versions are served only by number or alias. Answers at once when the workspace
   * is held in memory. An unknown name is looked up once more before it is refused, at most once a second for each
   * workspace, as it may have been created in another process just now.
   * @throws {CodedError} MODEL_NOT_FOUND or MODEL_NOT_READY, at once or by the promise.
   */
  resolve(workspaceId: string, reference: ModelReference): ServableVersion | Promise<ServableVersion> {
    const { catalog } = this.entryOf(workspaceId);
    const { current } = catalog;
    if (current === undefined) return catalog.first().then((first) => orThrow(findServable(first, reference)));
    if (catalog.isDue(MAX_AGE_MS, RETRY_MS)) this.refreshInBackground(workspaceId, catalog);
    const found = findServable(current, reference);
    if (!(found instanceof CodedError)) return found;
    if (catalog.idleMs < RETRY_MS) throw found;
    return this.lookAgain(catalog, reference, found);
  }

  /**
   * To be called after a change was committed: when it settles this process sees the change, and the others are told.
   * It does not fail, as the change is done: a copy that cannot be refreshed is tried again later.
   */
  async changed(workspaceId: string): Promise<void> {
    const entry = this.entries.get(workspaceId);
    const refreshing = entry?.catalog.refresh();
    const telling = this.notifications.publish(channels.registryChanged, workspaceId);
    const results = await Promise.allSettled([refreshing, telling]);
    for (const result of results) {
      if (result.status === 'rejected') this.logFailure(workspaceId, result.reason);
    }
  }

  private async lookAgain(
    catalog: Refreshed<Catalog>,
    reference: ModelReference,
    missing: CodedError,
  ): Promise<ServableVersion> {
    const fresh = await catalog.refresh().catch(() => null);
    if (fresh === null) throw missing;
    return orThrow(findServable(fresh, reference));
  }

  private entryOf(workspaceId: string): Entry {
    this.uses += 1;
    const held = this.entries.get(workspaceId);
    if (held !== undefined) {
      held.usedAt = this.uses;
      return held;
    }
    const entry = {
      catalog: new Refreshed(() => this.repository.load(workspaceId)),
      usedAt: this.uses,
      timer: undefined,
    };
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
      this.refreshInBackground(workspaceId, entry.catalog);
    }, DEBOUNCE_MS);
    entry.timer.unref();
  }

  /** One after the other: after an outage the database has other work too. */
  private async refreshAll(): Promise<void> {
    for (const [workspaceId, { catalog }] of this.entries) {
      await catalog.refresh().catch((thrown: unknown) => this.logFailure(workspaceId, thrown));
    }
  }

  private refreshInBackground(workspaceId: string, catalog: Refreshed<Catalog>): void {
    catalog.refresh().catch((thrown: unknown) => this.logFailure(workspaceId, thrown));
  }

  private logFailure(workspaceId: string, thrown: unknown): void {
    this.logger.warn({ err: thrown, workspaceId }, 'the registry snapshot could not be refreshed or announced');
  }
}

function orThrow(found: ServableVersion | CodedError): ServableVersion {
  if (found instanceof CodedError) throw found;
  return found;
}
