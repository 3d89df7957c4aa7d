import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { CodedError } from '../../../common/errors/coded-error.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { WorkspaceCopies } from '../../registry/snapshot/workspace-copies.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { buildCatalog, type DeploymentCatalog, type RoutedDeployment } from './routed-deployment.js';

/** Deployments as predictions see them: those of each workspace in memory. */
@Injectable()
export class DeploymentSnapshot implements OnModuleInit, OnApplicationShutdown {
  private readonly catalogs: WorkspaceCopies<DeploymentCatalog>;

  constructor(deployments: DeploymentRepository, notifications: Notifications, @Inject(LOGGER) logger: Logger) {
    this.catalogs = new WorkspaceCopies({
      what: 'the snapshot of deployments',
      channel: channels.deploymentsChanged,
      load: async (workspaceId) => buildCatalog(await deployments.all(workspaceId)),
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

  /** @throws {CodedError} DEPLOYMENT_NOT_FOUND, at once or by the promise. */
  require(workspaceId: string, name: string): RoutedDeployment | Promise<RoutedDeployment> {
    return this.catalogs.find(workspaceId, (catalog) => catalog.get(name) ?? unknownDeployment(name));
  }

  /** Undefined where none has this name, which is not looked into any further. */
  find(workspaceId: string, name: string): RoutedDeployment | undefined | Promise<RoutedDeployment | undefined> {
    const catalog = this.catalogs.of(workspaceId);
    return catalog instanceof Promise ? catalog.then((first) => first.get(name)) : catalog.get(name);
  }

  /** To be called after a change was committed. */
  async changed(workspaceId: string): Promise<void> {
    await this.catalogs.changed(workspaceId);
  }
}

export const unknownDeployment = (name: string): CodedError =>
  new CodedError(
    'DEPLOYMENT_NOT_FOUND',
    `There is no deployment ${JSON.stringify(name.slice(0, 128))} in this workspace.`,
  );
