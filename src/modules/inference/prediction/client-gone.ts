import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from '../../../common/access/call-context.js';

/** One signal a connection, whatever the number of requests on it: making one for each request is not free. */
const signals = new WeakMap<Socket, AbortSignal>();

/**
 * The signal that fires when the client of a request hangs up, so that work nobody waits for can be given up; undefined
 * for a WebSocket's call, which has no connection of its own.
 */
export function clientGoneSignal(request: unknown): AbortSignal | undefined {
  const socket = socketOf(request);
  return socket === undefined ? undefined : (signals.get(socket) ?? watch(socket));
}

function watch(socket: Socket): AbortSignal {
  const controller = new AbortController();
  // Each prediction in flight on the connection listens; that many of them is no leak.
  setMaxListeners(0, controller.signal);
  socket.once('close', () => controller.abort());
  signals.set(socket, controller.signal);
  return controller.signal;
}

/** The socket of a Fastify request. */
function socketOf(request: unknown): Socket | undefined {
  const raw = typeof request === 'object' && request !== null && 'raw' in request ? request.raw : undefined;
  const socket = typeof raw === 'object' && raw !== null && 'socket' in raw ? raw.socket : undefined;
  return typeof socket === 'object' && socket !== null && 'once' in socket ? (socket as Socket) : undefined;
}

/** Parameter: the signal that fires when the client hangs up. */
export const ClientGone = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal | undefined =>
  clientGoneSignal(requestOf(context)),
);
