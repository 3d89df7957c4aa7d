import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { CodedError } from '../errors/coded-error.js';
import { nestorErrorForm, sendError } from '../errors/error-form.js';
import { type PublicError, toPublicError } from '../errors/public-error.js';

type Refusals = Required<Pick<FastifyServerOptions, 'clientErrorHandler' | 'frameworkErrors'>>;

/** Refusals before any route is found, in the form that all others have. */
export const refusals: Refusals = {
  frameworkErrors: (_error: Error, _request: FastifyRequest, reply: FastifyReply): void => {
    // Nothing that the server adds to its replies is there yet.
    reply.errorForm = nestorErrorForm;
    sendError(reply, publicly(new CodedError('BAD_REQUEST', 'The path is malformed, or a part of it is too long.')));
  },
  clientErrorHandler: (error, socket): void => {
    // Who hung up reads no answer.
    if (socket.writable && error.code !== 'ECONNRESET') writeAnswer(socket, refusalOf(error));
    socket.destroy(error);
  },
};

/** What Node's parser found, in words. */
function refusalOf({ code }: { readonly code?: string }): PublicError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { ...publicly(new CodedError('BAD_REQUEST', 'The headers are too large.')), status: 431 };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return publicly(new CodedError('REQUEST_TIMEOUT', 'The headers took too long to arrive.'));
    default:
      return publicly(new CodedError('BAD_REQUEST', 'This is not HTTP as RFC 9112 has it.'));
  }
}

/** A coded error speaks for itself: there is nothing to log. */
const publicly = (error: CodedError): PublicError => toPublicError(error, () => undefined);

/** Written by hand, as there is no reply to a request that could not be read. */
function writeAnswer(socket: Socket, refusal: PublicError): void {
  const { status, body } = nestorErrorForm(refusal);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
}
