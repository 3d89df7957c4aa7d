import type { FastifyInstance } from 'fastify';
import { errorAnswer } from './error-answer.rules.js';
import { OPEN_INFERENCE_PREFIX } from './open-inference.bodies.js';

/** Tells every error below the protocol's prefix in its form, wherever it arises: no route need be found for it. */
export function tellOpenInferenceErrors(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith(`/${OPEN_INFERENCE_PREFIX}`)) reply.errorForm = errorAnswer;
    done();
  });
}
