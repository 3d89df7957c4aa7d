import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { SessionRepository } from './session.repository.js';

/** How often ended sessions are looked for, in milliseconds. */
const INTERVAL_MS = 3_600_000;

/** How long a session is remembered after its end, in milliseconds: its tokens tell nobody anything by then. */
const KEEP_MS = 7 * 86_400_000;

/** Forgets sessions that ended long ago, with all their refresh tokens. */
@Injectable()
export class SessionSweeper implements OnModuleInit, OnModuleDestroy {
  private readonly task: PeriodicTask;

  constructor(sessions: SessionRepository, @Inject(LOGGER) logger: Logger) {
    this.task = new PeriodicTask(
      INTERVAL_MS,
      () => sessions.deleteExpired(new Date(Date.now() - KEEP_MS)),
      (err) => logger.warn({ err }, 'ended sessions could not be deleted; trying again in an hour'),
    );
  }

  onModuleInit(): void {
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.task.stop();
  }

  async sweep(): Promise<void> {
    await this.task.run();
  }
}
