import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { GqlContextType } from '@nestjs/graphql';
import type { FastifyReply } from 'fastify';
import type { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { toGraphqlError } from '../graphql/graphql-errors.js';
import { LOGGER } from '../observability/logger.js';
import { sendError } from './error-form.js';
import { type Report, reportTo, toPublicError } from './public-error.js';

/** The one place where what was thrown becomes what a client sees, for GraphQL and REST alike. */
@Catch()
@Injectable()
export class PublicErrorFilter implements ExceptionFilter {
  readonly report: Report;

  constructor(@Inject(LOGGER) logger: Logger) {
    this.report = reportTo(logger);
  }

  catch(thrown: unknown, host: ArgumentsHost): GraphQLError | void {
    if (host.getType<GqlContextType>() === 'graphql') return toGraphqlError(thrown, this.report);
    sendError(host.switchToHttp().getResponse<FastifyReply>(), toPublicError(thrown, this.report));
  }
}
