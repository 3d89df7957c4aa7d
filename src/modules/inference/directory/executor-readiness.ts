import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthChecks } from '../../../common/observability/health.js';
import { ExecutorClient } from '../client/executor-client.js';

/** A process that can reach no executor is not ready: what it is asked for could not be done. */
@Injectable()
export class ExecutorReadiness implements OnModuleInit {
  constructor(
    private readonly checks: HealthChecks,
    private readonly client: ExecutorClient,
  ) {}

  onModuleInit(): void {
    this.checks.add('executors', () => {
      if (!this.client.isReady) throw new Error('no executor is ready');
    });
  }
}
