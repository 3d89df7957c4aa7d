import type { FastifyReply } from 'fastify';
import type { PublicError } from './public-error.js';

/** An error as it is sent. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** How a protocol writes an error. */
export type ErrorForm = (error: PublicError) => ErrorAnswer;

declare module 'fastify' {
  interface FastifyReply {
    /** That of the protocol that is spoken on this route. */
    errorForm: ErrorForm;
  }
}

/** Nestor's own form: `{ error: { code, message, … } }` with the status of the code's row in the table. */
export const nestorErrorForm: ErrorForm = ({ status, ...error }) => ({
  status,
  headers: retryHeader(error),
  body: JSON.stringify({ error }),
});

/** The header that says when to try again. */
export function retryHeader({ retryAfterMs }: Pick<PublicError, 'retryAfterMs'>): Record<string, string> {
  return retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
}

export function sendError(reply: FastifyReply, error: PublicError): void {
  if (reply.sent) return;
  const { status, headers, body } = reply.errorForm(error);
  void reply.code(status).headers(headers).type('application/json').send(body);
}
