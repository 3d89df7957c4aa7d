import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { CredentialCache } from './credential-cache.js';

/** Tells every process that a user, session or API key is not what it was. */
@Injectable()
export class CredentialChanges {
  constructor(
    private readonly cache: CredentialCache,
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Call after commit. This process forgets them before it returns; others as soon as they hear of it, and without the
   * notification within NESTOR_CREDENTIAL_CACHE_MS. So a failure to tell is logged and does not fail what was done.
   */
  async announce(...ids: readonly string[]): Promise<void> {
    for (const id of ids) this.cache.drop(id);
    try {
      await Promise.all(ids.map((id) => this.notifications.publish(channels.credentialsChanged, id)));
    } catch (err) {
      this.logger.warn({ err }, 'changed credentials could not be announced; other processes notice within the bound');
    }
  }
}
