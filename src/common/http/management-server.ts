import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { HealthChecks } from '../observability/health.js';
import { NestLogger } from '../observability/logger.js';
import { ManagementModule } from '../observability/management.module.js';

/** Starts the server of the management port, apart from the public one. */
export async function startManagement(
  checks: HealthChecks,
  address: { host: string; port: number },
  logger: Logger,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    ManagementModule.forRoot(checks),
    new FastifyAdapter({ forceCloseConnections: true }),
    { logger: new NestLogger(logger), abortOnError: false },
  );
  await app.listen(address.port, address.host);
  return app;
}
