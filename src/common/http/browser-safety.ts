import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config/settings.js';
import { sendError } from '../errors/public-error.filter.js';
import { CodedError } from '../errors/coded-error.js';
import { toPublicError } from '../errors/public-error.js';

/** The secure headers of a JSON api; the explorer's page names what it needs beyond them. */
export async function useBrowserSafety(app: NestFastifyApplication, settings: Settings): Promise<void> {
  const allowed = new Set(settings.NESTOR_CORS_ORIGINS);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // GraphiQL's editor sets styles on elements and inlines its fonts and icons.
        styleSrc: ["'self'", "'unsafe-inline'"],
        fontSrc: ["'self'", 'data:'],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'", 'ws:', 'wss:'],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    crossOriginResourcePolicy: { policy: allowed.size === 0 ? 'same-origin' : 'cross-origin' },
  });
  if (allowed.size > 0) {
    app.enableCors({
      origin: [...allowed],
      credentials: true,
      methods: ['GET', 'POST', 'PUT', 'OPTIONS'],
      exposedHeaders: ['x-request-id', 'retry-after'],
    });
  }
  refuseCrossSite(app.getHttpAdapter().getInstance(), allowed);
}

/** A browser's request from another site may only read, unless that origin is allowed. */
function refuseCrossSite(fastify: FastifyInstance, allowed: ReadonlySet<string>): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return done();
    const { origin } = request.headers;
    if (!isCrossSite(request.headers['sec-fetch-site'], origin, request.headers.host) || allowed.has(origin ?? ''))
      return done();
    const message = `Requests from ${origin ?? 'another site'} are not allowed. NESTOR_CORS_ORIGINS lists the origins that are.`;
    sendError(
      reply,
      toPublicError(new CodedError('CROSS_SITE_REQUEST', message), () => undefined),
    );
  });
}

function isCrossSite(fetchSite: unknown, origin: string | undefined, host: string | undefined): boolean {
  if (fetchSite !== undefined) return fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
