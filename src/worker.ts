import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Logger } from 'pino';
import type { Settings } from './common/config/settings.js';
import { startManagement } from './common/http/management-server.js';
import { HealthChecks } from './common/observability/health.js';
import { NestLogger } from './common/observability/logger.js';
import type { RunningProcess } from './common/process/run-process.js';
import { WorkerModule } from './worker.module.js';

/** The worker's process: queue consumers and executors, and the management server. */
export interface RunningWorker extends RunningProcess {
  readonly context: INestApplicationContext;
  readonly managementUrl: string;
}

export async function startWorker(settings: Settings, logger: Logger): Promise<RunningWorker> {
  const context = await NestFactory.createApplicationContext(WorkerModule.forRoot(settings, logger), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  const address = { host: settings.HOST, port: settings.WORKER_MANAGEMENT_PORT };
  const management = await startManagement(context.get(HealthChecks), address, logger);
  return {
    context,
    managementUrl: await management.getUrl(),
    close: async () => {
      await context.close();
      await management.close();
    },
  };
}
