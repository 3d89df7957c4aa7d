import type { FastifyInstance } from 'fastify';

export const STREAM_CONTENT_TYPE = 'application/octet-stream';

/** How long the rest of a body whose request is answered already is read and thrown away, in milliseconds. */
const LINGER_MS = 5_000;

/**
 * Lets routes take `application/octet-stream` as a stream: `request.body` is the raw request. Fastify's body limit does
 * not bound it, so such a route enforces a limit of its own.
 *
 * A request that is refused while its body is on the way keeps its connection for a while, and the body is read and
 * dropped: closing at once would reset the connection before the client has read why it was refused.
 */
export function registerStreamBodies(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(STREAM_CONTENT_TYPE, (_request, payload, done) => done(null, payload));
  fastify.addHook('onResponse', (request, _reply, done) => {
    done();
    const { raw } = request;
    if (raw.complete || raw.destroyed) return;
    raw.resume();
    const close = setTimeout(() => raw.destroy(), LINGER_MS).unref();
    raw.once('close', () => clearTimeout(close));
  });
}
