import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthChecks } from '../../../common/observability/health.js';
import { ExecutorView } from '../client/executor-view.js';

/** A process that can reach no executor is not ready: what it is asked for could not be done. */
@Injectable()
export class ExecutorReadiness implements OnModuleInit {
  constructor(
    private readonly checks: HealthChecks,
    private readonly view: ExecutorView,
  ) {}

  onModuleInit(): void {
    this.checks.add('executors', () => {
      const ready = this.view.hosts().some(({ executors }) => executors.some(({ state }) => state === 'READY'));
      if (!ready) throw new Error('no executor is ready');
    });
  }
}
