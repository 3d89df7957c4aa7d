import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { Settings } from './common/config/settings.js';
import { loggingErrorFormatter } from './common/graphql/graphql-errors.js';
import { GRAPHQL_PATH } from './common/graphql/graphql.module.js';
import { warmAnswers } from './common/graphql/warm-answers.js';
import { WarmQueries } from './common/graphql/warm-queries.js';
import { useBrowserSafety } from './common/http/browser-safety.js';
import { serveExplorer } from './common/http/explorer.controller.js';
import { FrontDoor } from './common/http/front-door.js';
import { drainOnClose, echoRequestId, httpAdapter } from './common/http/http-server.js';
import { startManagement } from './common/http/management-server.js';
import { registerStreamBodies } from './common/http/stream-bodies.js';
import { reportTo } from './common/errors/public-error.js';
import { HealthChecks } from './common/observability/health.js';
import { NestLogger } from './common/observability/logger.js';
import type { RunningProcess } from './common/process/run-process.js';
import { ArtifactStoreServer } from './common/storage/artifact-store-server.js';
import { DirectInference } from './modules/inference/open-inference/direct-inference.js';
import { OpenInferenceGrpcServer } from './modules/inference/open-inference/grpc/open-inference-grpc.server.js';
import { takeOpenInferenceBodies } from './modules/inference/open-inference/open-inference.bodies.js';
import { tellFeastErrors } from './modules/feature-store/feast/feast-errors.js';
import { tellOpenInferenceErrors } from './modules/inference/open-inference/open-inference.errors.js';

/** The api's process: the public server and, beside it, the management server. */
export interface RunningApi extends RunningProcess {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly managementUrl: string;
  /** Null where gRPC is off. */
  readonly grpcPort: number | null;
  /** Null where the artifact store is not lent to other machines. */
  readonly artifactPort: number | null;
}

/** Connections that may wait to be accepted; Node's 511 are too few for a burst of clients that all connect anew. */
const LISTEN_BACKLOG = 4_096;

export async function startApi(settings: Settings, logger: Logger): Promise<RunningApi> {
  const door = new FrontDoor(settings, reportTo(logger));
  const app = await createApi(settings, logger, door);
  const drain = drainOnClose(app.getHttpAdapter().getInstance(), door);
  await app.listen({ port: settings.PORT, host: settings.HOST, backlog: LISTEN_BACKLOG });
  const { GRPC_PORT: port, HOST: host } = settings;
  const grpcPort = port === undefined ? null : await app.get(OpenInferenceGrpcServer).listen(host, port);
  const { NESTOR_ARTIFACT_LISTEN: lending } = settings;
  const artifactPort = lending === undefined ? null : await app.get(ArtifactStoreServer).listen(lending);
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
    artifactPort,
    close: async () => {
      drain.close();
      await app.close();
      await management.close();
    },
  };
}

/** The public application, wired and ready to listen. */
async function createApi(settings: Settings, logger: Logger, door: FrontDoor): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings, logger),
    httpAdapter(settings, logger, door),
    { logger: new NestLogger(logger), abortOnError: false },
  );
  const fastify = app.getHttpAdapter().getInstance();
  echoRequestId(fastify);
  registerStreamBodies(fastify);
  takeOpenInferenceBodies(fastify);
  tellOpenInferenceErrors(fastify);
  tellFeastErrors(fastify);
  useBrowserSafety(app, settings);
  // Apollo reports the usage of what it answers itself.
  if (settings.APOLLO_KEY === undefined) {
    door.open(warmAnswers(GRAPHQL_PATH, app.get(WarmQueries), loggingErrorFormatter(logger)));
  }
  door.open(app.get(DirectInference).route);
  if (settings.NESTOR_EXPLORER) serveExplorer(fastify);
  return app;
}
