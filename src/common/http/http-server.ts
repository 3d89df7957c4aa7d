import { createServer, type RequestListener } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { nestorErrorForm } from '../errors/error-form.js';
import type { FrontDoor } from './front-door.js';
import { refusals } from './refusals.js';
import { requestIdOf } from './request-id.js';
import { refuseSlowBodies } from './slow-bodies.js';

/** How long a connection may be silent between two requests, in milliseconds. */
const KEEP_ALIVE_MS = 72_000;

/** Longest part of a path that stands for something, in characters: names have at most 128. */
const MAX_PATH_PART = 256;

/** The Fastify server under the public api, with ids, limits and timeouts, behind the front door. */
export function httpAdapter(settings: Settings, logger: Logger, door: FrontDoor): FastifyAdapter {
  const adapter = new FastifyAdapter({
    loggerInstance: logger.child(
      {},
      { level: settings.NESTOR_LOG_LEVEL === 'info' ? 'warn' : settings.NESTOR_LOG_LEVEL },
    ),
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: settings.NESTOR_TRUST_PROXY,
    bodyLimit: settings.NESTOR_BODY_MAX_BYTES,
    genReqId: requestIdOf,
    return503OnClosing: true,
    serverFactory: (framework: RequestListener) => {
      const stallMs = settings.NESTOR_REQUEST_STALL_MS;
      const timeouts = { headersTimeout: stallMs, connectionsCheckingInterval: Math.ceil(stallMs / 4) };
      const server = createServer(timeouts, door.inFrontOf(framework));
      refuseSlowBodies(server, stallMs);
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      // A long upload is bounded by its size, not by time.
      server.requestTimeout = 0;
      return server;
    },
    routerOptions: { maxParamLength: MAX_PATH_PART },
    ...refusals,
  });
  adapter.getInstance().decorateReply('errorForm', nestorErrorForm);
  return adapter;
}

/** Answers carry the request's id, by which logs and audit events are found. */
export function echoRequestId(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
}

/**
 * Lets a stopping server end in time: from `close` on each answer closes its connection. Without it a kept-alive
 * connection holds the process for many seconds.
 */
export function drainOnClose(fastify: FastifyInstance, door: FrontDoor): { close(): void } {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (door.isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
  return {
    close: () => {
      door.close();
      fastify.server.closeIdleConnections();
    },
  };
}
