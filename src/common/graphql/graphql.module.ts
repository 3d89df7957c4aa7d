import { randomUUID } from 'node:crypto';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginUsageReporting } from '@apollo/server/plugin/usageReporting';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import type { Context as WebSocketContext } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import type { CallRequest, GraphqlContext } from '../access/call-context.js';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { LOGGER } from '../observability/logger.js';
import { dateTimeScalar } from './date-time.scalar.js';
import { loggingErrorFormatter } from './graphql-errors.js';
import { OpenSockets, OpenSocketsModule } from './open-sockets.js';
import { operationLimitsPlugin } from './operation-limits.plugin.js';
import type { OperationLimits } from './operation-limits.rules.js';
import { subscriptionOptions } from './subscriptions.js';

export const GRAPHQL_PATH = '/graphql';

type Subscriber = WebSocketContext<Record<string, unknown>, Extra & { call?: CallRequest }>;

/** The one GraphQL schema: code-first, over HTTP at `/graphql` and, for subscriptions, over graphql-ws at the same path. */
export function graphqlModule(): DynamicModule {
  return GraphQLModule.forRootAsync<ApolloDriverConfig>({
    driver: ApolloDriver,
    imports: [OpenSocketsModule],
    inject: [SETTINGS, LOGGER, OpenSockets],
    useFactory: (settings: Settings, logger: Logger, sockets: OpenSockets): ApolloDriverConfig => {
      const limits = limitsOf(settings);
      const formatError = loggingErrorFormatter(logger);
      return {
        path: GRAPHQL_PATH,
        autoSchemaFile: true,
        sortSchema: true,
        buildSchemaOptions: { scalarsMap: [{ type: Date, scalar: dateTimeScalar }] },
        graphiql: false,
        introspection: settings.NESTOR_INTROSPECTION,
        hideSchemaDetailsFromClientErrors: true,
        includeStacktraceInErrorResponses: false,
        autoTransformHttpErrors: false,
        csrfPrevention: true,
        allowBatchedHttpRequests: false,
        fieldResolverEnhancers: ['guards'],
        stopOnApplicationShutdown: true,
        parseOptions: { maxTokens: settings.NESTOR_GRAPHQL_MAX_TOKENS },
        context: (from: FastifyRequest | Subscriber): GraphqlContext => ({ request: callRequestOf(from) }),
        formatError,
        plugins: [
          operationLimitsPlugin(limits),
          studioPlugin(settings),
          // Both wrap every field of the schema, and nothing here is cached by HTTP or part of a federation.
          ApolloServerPluginCacheControlDisabled(),
          ApolloServerPluginInlineTraceDisabled(),
        ],
        subscriptions: {
          'graphql-ws': {
            ...subscriptionOptions(limits, settings.NESTOR_GRAPHQL_MAX_TOKENS, formatError),
            onConnect: ({ extra }) => sockets.add((extra as Extra).socket),
          },
        },
      };
    },
  });
}

function limitsOf(settings: Settings): OperationLimits {
  return {
    depth: settings.NESTOR_GRAPHQL_MAX_DEPTH,
    fields: settings.NESTOR_GRAPHQL_MAX_FIELDS,
    aliases: settings.NESTOR_GRAPHQL_MAX_ALIASES,
    rootFields: settings.NESTOR_GRAPHQL_MAX_ROOT_FIELDS,
  };
}

/** Usage goes to Apollo Studio only when a key says so; otherwise nothing leaves this machine. */
function studioPlugin(settings: Settings) {
  return settings.APOLLO_KEY === undefined
    ? ApolloServerPluginUsageReportingDisabled()
    : ApolloServerPluginUsageReporting({ sendVariableValues: { none: true }, sendHeaders: { none: true } });
}

function callRequestOf(from: FastifyRequest | Subscriber): CallRequest {
  return 'extra' in from ? socketCall(from) : from;
}

/** One call per WebSocket: credentials come as connection parameters, as a browser cannot set headers there. */
function socketCall(context: Subscriber): CallRequest {
  const { request } = context.extra;
  const parameters = Object.entries(context.connectionParams ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name.toLowerCase(), value] as const] : [],
  );
  context.extra.call ??= {
    id: randomUUID(),
    ip: request.socket.remoteAddress ?? '',
    headers: { ...request.headers, ...Object.fromEntries(parameters) },
  };
  // A fresh object for each operation: a revoked credential must not live as long as the socket.
  return { ...context.extra.call };
}
