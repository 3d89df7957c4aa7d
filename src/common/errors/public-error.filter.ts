import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { GqlContextType } from '@nestjs/graphql';
import type { FastifyReply } from 'fastify';
import type { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { toGraphqlError } from '../graphql/graphql-errors.js';
import { LOGGER } from '../observability/logger.js';
import { type PublicError, toPublicError } from './public-error.js';

/** The one place where what was thrown becomes what a client sees, for GraphQL and REST alike. */
@Catch()
@Injectable()
export class PublicErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): GraphQLError | void {
    if (host.getType<GqlContextType>() === 'graphql') return toGraphqlError(thrown, this.report);
    sendError(host.switchToHttp().getResponse<FastifyReply>(), toPublicError(thrown, this.report));
  }

  readonly report = (errorId: string, thrown: unknown): void => {
    this.logger.error({ err: thrown, errorId }, 'unexpected error');
  };
}

/** Sends the REST form: `{ error: { code, message, … } }` with the status of the code's row in the table. */
export function sendError(reply: FastifyReply, error: PublicError): void {
  if (reply.sent) return;
  const { status, ...body } = error;
  if (error.retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000));
  void reply.code(status).type('application/json').send({ error: body });
}
