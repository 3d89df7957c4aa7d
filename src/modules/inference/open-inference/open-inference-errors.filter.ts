import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PublicErrorFilter } from '../../../common/errors/public-error.filter.js';
import { toPublicError } from '../../../common/errors/public-error.js';

/** Errors in the form that the protocol asks for: `{"error": "<text>"}`; our code goes beside it in a header. */
@Catch()
@Injectable()
export class OpenInferenceErrorsFilter implements ExceptionFilter {
  constructor(private readonly errors: PublicErrorFilter) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    const { code, status, message, retryAfterMs } = toPublicError(thrown, this.errors.report);
    if (retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
    void reply.code(status).header('x-nestor-error-code', code).type('application/json').send({ error: message });
  }
}
