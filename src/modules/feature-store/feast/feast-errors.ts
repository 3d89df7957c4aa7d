import type { FastifyInstance } from 'fastify';
import { feastErrorForm } from './feast-error.rules.js';

/** Where Feast's HTTP API lives: clients name it in the `path` of their remote online store. */
export const FEAST_PREFIX = 'feast';

/** Tells every error below the prefix in Feast's form, wherever it arises: no route need be found for it. */
export function tellFeastErrors(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith(`/${FEAST_PREFIX}/`)) reply.errorForm = feastErrorForm;
    done();
  });
}
