import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';

/** What a caller may send as its own request id: visible ASCII, bounded, so that it is safe in logs and headers. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** The Fastify server under the public api, with ids, limits and timeouts. */
export function httpAdapter(settings: Settings, logger: Logger): FastifyAdapter {
  return new FastifyAdapter({
    loggerInstance: logger.child(
      {},
      { level: settings.NESTOR_LOG_LEVEL === 'info' ? 'warn' : settings.NESTOR_LOG_LEVEL },
    ),
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: settings.NESTOR_TRUST_PROXY,
    bodyLimit: settings.NESTOR_BODY_MAX_BYTES,
    // Time for the headers and for a silent connection; a long upload is bounded by its size, not by time.
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    requestTimeout: 0,
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    return503OnClosing: true,
  });
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
export function drainOnClose(fastify: FastifyInstance): { close(): void } {
  let closing = false;
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
  return {
    close: () => {
      closing = true;
      fastify.server.closeIdleConnections();
    },
  };
}
