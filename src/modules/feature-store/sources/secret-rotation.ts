import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { ActorContext } from '../../../common/access/actor.js';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { DataSourceRepository } from './data-source.repository.js';
import type { DataSourceEntity } from './entities/data-source.entity.js';
import { SourceSecrets } from './source-secrets.js';

/** How often what is left is looked for, in milliseconds: what could not be done at a start is done then. */
const EVERY_MS = 600_000;

/** Encrypts what is still under an earlier `NESTOR_SECRET` anew, when a worker starts and now and then. */
@Injectable()
export class SecretRotation implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    private readonly sources: DataSourceRepository,
    private readonly secrets: SourceSecrets,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      EVERY_MS,
      () => this.rotateAll(),
      (err) => logger.warn({ err }, 'secrets of data sources could not be looked through'),
    );
  }

  /** Never fails: a worker starts without the database, too. */
  async onApplicationBootstrap(): Promise<void> {
    this.task.start();
    await this.task.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** A source whose secrets cannot be read says so when it is collected. */
  private async rotateAll(): Promise<void> {
    for (const source of await this.sources.withSecretsNotUnder(this.secrets.currentPrefix)) {
      try {
        await this.rotate(source);
      } catch (err) {
        this.logger.warn({ err, sourceId: source.id }, 'secrets of a data source could not be encrypted anew');
      }
    }
  }

  /** With its row locked, so that a change of its owner is not undone. */
  private async rotate({ id, workspaceId, name }: DataSourceEntity): Promise<void> {
    await this.audit.transaction(contextOf(workspaceId), async (transaction) => {
      const source = await this.sources.lock(transaction.manager, workspaceId, name);
      if (source?.id !== id) throw new Error('The data source was deleted at this moment.');
      const secrets = Object.keys(source.secrets).map((secret) => [
        secret,
        this.secrets.encrypt(id, secret, this.secrets.read(source, secret)),
      ]);
      await this.sources.change(transaction.manager, source, { secrets: Object.fromEntries(secrets) });
      transaction.audit({ action: 'data-source.rotate-secrets', resourceType: 'data-source', resourceId: name });
    });
  }
}

/** Nestor itself. */
const contextOf = (workspaceId: string): ActorContext => ({
  requestId: 'secret-rotation',
  address: null,
  actor: {
    kind: 'SYSTEM',
    id: 'secret-rotation',
    name: 'secret-rotation',
    workspaceId,
    role: 'SERVICE',
    permissions: new Set(),
  },
});
