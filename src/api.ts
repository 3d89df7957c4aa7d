import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { Settings } from './common/config/settings.js';
import { loggingErrorFormatter } from './common/graphql/graphql-errors.js';
import { GRAPHQL_PATH } from './common/graphql/graphql.module.js';
import { answerWarmQueries } from './common/graphql/warm-answers.js';
import { WarmQueries } from './common/graphql/warm-queries.js';
import { useBrowserSafety } from './common/http/browser-safety.js';
import { serveExplorer } from './common/http/explorer.controller.js';
import { drainOnClose, echoRequestId, httpAdapter } from './common/http/http-server.js';
import { startManagement } from './common/http/management-server.js';
import { registerStreamBodies } from './common/http/stream-bodies.js';
import { HealthChecks } from './common/observability/health.js';
import { NestLogger } from './common/observability/logger.js';
import type { RunningProcess } from './common/process/run-process.js';
import { OpenInferenceGrpcServer } from './modules/inference/open-inference/grpc/open-inference-grpc.server.js';
import { takeOpenInferenceBodies } from './modules/inference/open-inference/open-inference.bodies.js';

/** The api's process: the public server and, beside it, the management server. */
export interface RunningApi extends RunningProcess {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly managementUrl: string;
  /** Null where gRPC is off. */
  readonly grpcPort: number | null;
}

export async function startApi(settings: Settings, logger: Logger): Promise<RunningApi> {
  const app = await createApi(settings, logger);
  const drain = drainOnClose(app.getHttpAdapter().getInstance());
  await app.listen(settings.PORT, settings.HOST);
  const { GRPC_PORT: port, HOST: host } = settings;
  const grpcPort = port === undefined ? null : await app.get(OpenInferenceGrpcServer).listen(host, port);
  const management = await startManagement(
    app.get(HealthChecks),
    { host: settings.HOST, port: settings.MANAGEMENT_PORT },
    logger,
  );
  return {
    app,
    url: await app.getUrl(),
    managementUrl: await management.getUrl(),
    grpcPort,
    close: async () => {
      drain.close();
      await app.close();
      await management.close();
    },
  };
}

/** The public application, wired and ready to listen. */
export async function createApi(settings: Settings, logger: Logger): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings, logger),
    httpAdapter(settings, logger),
    { logger: new NestLogger(logger), abortOnError: false },
  );
  const fastify = app.getHttpAdapter().getInstance();
  echoRequestId(fastify);
  registerStreamBodies(fastify);
  takeOpenInferenceBodies(fastify);
  useBrowserSafety(app, settings);
  // Apollo reports the usage of what it answers itself.
  if (settings.APOLLO_KEY === undefined) {
    answerWarmQueries(fastify, GRAPHQL_PATH, app.get(WarmQueries), loggingErrorFormatter(logger));
  }
  if (settings.NESTOR_EXPLORER) serveExplorer(fastify);
  return app;
}
