import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../../../common/observability/logger.js';
import { SessionRepository } from './session.repository.js';

/** How often ended sessions are looked for, in milliseconds. */
const INTERVAL_MS = 3_600_000;

/** How long a session is remembered after its end, in milliseconds: its tokens tell nobody anything by then. */
const KEEP_MS = 7 * 86_400_000;

/** Forgets sessions that ended long ago, with all their refresh tokens. */
@Injectable()
export class SessionSweeper implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: SessionRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.sweep(), INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async sweep(): Promise<void> {
    try {
      await this.sessions.deleteExpired(new Date(Date.now() - KEEP_MS));
    } catch (err) {
      this.logger.warn({ err }, 'ended sessions could not be deleted; trying again in an hour');
    }
  }
}
