import type { FastifyInstance } from 'fastify';
import { STREAM_CONTENT_TYPE } from '../../../common/http/stream-bodies.js';
import { JSON_LENGTH_HEADER } from './body-parts.rules.js';

/** Where the protocol lives. */
export const OPEN_INFERENCE_PREFIX = 'v2';

/**
 * Lets the protocol's bodies through as bytes, whatever their type is called: clients send binary tensors, and some of
 * them JSON, with no content type or with one of their HTTP library's choosing. Plain JSON that says so is parsed on
 * the usual, fastest way.
 */
export function takeOpenInferenceBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (!route.url.startsWith(`/${OPEN_INFERENCE_PREFIX}/`)) return;
    route.onRequest = (request, _reply, done): void => {
      const { headers } = request;
      const isPlainJson =
        headers['content-type']?.startsWith('application/json') === true &&
        headers[JSON_LENGTH_HEADER] === undefined &&
        headers['content-encoding'] === undefined;
      if (request.method === 'POST' && !isPlainJson) headers['content-type'] = STREAM_CONTENT_TYPE;
      done();
    };
  });
}
