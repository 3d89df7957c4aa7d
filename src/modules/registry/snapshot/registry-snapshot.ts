import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { CatalogRepository } from './catalog.repository.js';
import { type Catalog, findServable, findServed, versionsIn } from './catalog.rules.js';
import type { ModelReference, ServableVersion } from './servable-version.js';
import { WorkspaceCopies } from './workspace-copies.js';

/** The registry as predictions see it: models, versions and aliases of each workspace in memory. */
@Injectable()
export class RegistrySnapshot implements OnModuleInit, OnApplicationShutdown {
  private readonly catalogs: WorkspaceCopies<Catalog>;

  constructor(
    private readonly repository: CatalogRepository,
    notifications: Notifications,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.catalogs = new WorkspaceCopies({
      what: 'the registry snapshot',
      channel: channels.registryChanged,
      load: (workspaceId) => this.repository.load(workspaceId),
      notifications,
      logger,
    });
  }

  onModuleInit(): void {
    this.catalogs.open();
  }

  onApplicationShutdown(): void {
    this.catalogs.close();
  }

  /**
   * The version a caller means: the one named by number, else by alias, else the one in PRODUCTION (of several the
   * newest), else the newest. Archived versions are served only by number or alias. Answers at once when the workspace
   * is held in memory.
   * @throws {CodedError} MODEL_NOT_FOUND or MODEL_NOT_READY, at once or by the promise.
   */
  resolve(workspaceId: string, reference: ModelReference): ServableVersion | Promise<ServableVersion> {
    return this.catalogs.find(workspaceId, (catalog) => findServable(catalog, reference));
  }

  /**
   * As `resolve`, for those who will run it.
   * @throws {CodedError} MODEL_UNLOADED, too.
   */
  resolveServed(workspaceId: string, reference: ModelReference): ServableVersion | Promise<ServableVersion> {
    return this.catalogs.find(workspaceId, (catalog) => findServed(catalog, reference));
  }

  /**
   * The versions of one model, or of all models of the workspace, by name and number.
   * @throws {CodedError} MODEL_NOT_FOUND.
   */
  async versionsOf(workspaceId: string, model: string | undefined): Promise<ServableVersion[]> {
    return this.catalogs.find(workspaceId, (catalog) => versionsIn(catalog, model));
  }

  /** To be called after a change was committed, see {@link WorkspaceCopies.changed}. */
  async changed(workspaceId: string): Promise<void> {
    await this.catalogs.changed(workspaceId);
  }
}
