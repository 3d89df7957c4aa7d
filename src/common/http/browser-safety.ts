import type { IncomingHttpHeaders } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config/settings.js';
import { CodedError } from '../errors/coded-error.js';
import { sendError } from '../errors/error-form.js';
import { toPublicError } from '../errors/public-error.js';

/** The policy of every page and answer: nothing is loaded from, sent to or framed by another site. */
const contentSecurityPolicy = [
  "default-src 'self'",
  // GraphiQL's editor sets styles on elements and inlines its fonts and icons.
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** OWASP's secure headers, to be made once: computed for each answer they cost several per cent of a prediction. */
export function safeHeaders({
  NESTOR_CORS_ORIGINS,
}: Pick<Settings, 'NESTOR_CORS_ORIGINS'>): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': NESTOR_CORS_ORIGINS.length > 0 ? 'cross-origin' : 'same-origin',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

/** Makes the api safe to have in reach of browsers: headers, the allowed origins, no requests from other sites. */
export function useBrowserSafety(app: NestFastifyApplication, settings: Settings): void {
  const allowed = new Set(settings.NESTOR_CORS_ORIGINS);
  const fastify = app.getHttpAdapter().getInstance();
  const headers = safeHeaders(settings);
  fastify.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(headers);
    done();
  });
  if (allowed.size > 0) {
    app.enableCors({
      origin: [...allowed],
      credentials: true,
      methods: ['GET', 'POST', 'PUT', 'OPTIONS'],
      exposedHeaders: ['x-request-id', 'retry-after'],
    });
  }
  refuseCrossSite(fastify, allowed);
}

/** A browser's request from another site may only read, unless that origin is allowed. */
function refuseCrossSite(fastify: FastifyInstance, allowed: ReadonlySet<string>): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return done();
    const { origin } = request.headers;
    if (!isCrossSite(request.headers) || allowed.has(origin ?? '')) return done();
    const message = `Requests from ${origin ?? 'another site'} are not allowed. NESTOR_CORS_ORIGINS lists the origins that are.`;
    sendError(
      reply,
      toPublicError(new CodedError('CROSS_SITE_REQUEST', message), () => undefined),
    );
  });
}

/** Whether a browser sent a request for a page of another site. */
export function isCrossSite({ 'sec-fetch-site': fetchSite, origin, host }: IncomingHttpHeaders): boolean {
  if (fetchSite !== undefined) return fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
