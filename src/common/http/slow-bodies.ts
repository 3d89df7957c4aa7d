import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { nestorErrorForm } from '../errors/error-form.js';
import { CodedError } from '../errors/coded-error.js';
import { toPublicError } from '../errors/public-error.js';

/** What a body on its way must bring at least, in bytes per second, over each stretch of time. */
const MIN_BYTES_PER_SECOND = 500;

/** The newest request of a connection, whose body may still be on its way. */
interface Arrival {
  request: IncomingMessage;
  response: ServerResponse;
  /** When the stretch of time began, by `performance.now()`, and what the connection had brought by then, in bytes. */
  since: number;
  bytes: number;
}

/**
 * Refuses bodies that hardly come: each holds a connection, and what was read of it in memory, before anybody has asked
 * who is there.
 * @param stretchMs in each stretch of so long, a body ends or brings its least.
 */
export function refuseSlowBodies(server: Server, stretchMs: number): void {
  const arrivals = new Map<Socket, Arrival>();
  server.prependListener('request', (request, response) => {
    const { socket } = request;
    if (!arrivals.has(socket)) socket.once('close', () => arrivals.delete(socket));
    arrivals.set(socket, { request, response, since: performance.now(), bytes: socket.bytesRead });
  });
  const minBytes = (MIN_BYTES_PER_SECOND * stretchMs) / 1_000;
  const look = (): void => {
    const now = performance.now();
    for (const [{ bytesRead }, arrival] of arrivals) {
      const { request, response, since, bytes } = arrival;
      if (request.complete || now - since < stretchMs) continue;
      // What lies here unread is held up by us and not by the sender.
      if (bytesRead - bytes >= minBytes || request.readableLength > 0) {
        arrival.since = now;
        arrival.bytes = bytesRead;
      } else {
        refuse(request, response);
      }
    }
  };
  const timer = setInterval(look, stretchMs / 4).unref();
  server.once('close', () => clearInterval(timer));
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) {
    request.destroy();
    return;
  }
  const error = new CodedError('REQUEST_TIMEOUT', 'The body took too long to arrive.');
  const { status, headers, body } = nestorErrorForm(toPublicError(error, () => undefined));
  response.writeHead(status, { ...headers, 'content-type': 'application/json', connection: 'close' });
  response.end(body, () => request.destroy());
}
