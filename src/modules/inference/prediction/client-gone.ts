import type { Socket } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from '../../../common/access/call-context.js';

/** One listener a connection, whatever the number of requests on it. */
const leavers = new WeakMap<Socket, Set<AbortController>>();

/**
 * Tells when the client of a request hangs up, so that work nobody waits for can be given up. `release` must be called
 * when the work is done.
 */
export class ClientGone {
  private constructor(private readonly socket: Socket | undefined) {}

  private controller: AbortController | undefined;

  static of(request: unknown): ClientGone {
    return new ClientGone(socketOf(request));
  }

  get signal(): AbortSignal | undefined {
    if (this.socket === undefined) return undefined;
    if (this.controller === undefined) {
      this.controller = new AbortController();
      watch(this.socket).add(this.controller);
    }
    return this.controller.signal;
  }

  release(): void {
    if (this.socket !== undefined && this.controller !== undefined) leavers.get(this.socket)?.delete(this.controller);
  }
}

function watch(socket: Socket): Set<AbortController> {
  const known = leavers.get(socket);
  if (known !== undefined) return known;
  const controllers = new Set<AbortController>();
  leavers.set(socket, controllers);
  socket.once('close', () => {
    for (const controller of controllers) controller.abort();
    controllers.clear();
  });
  return controllers;
}

/** The socket of a Fastify request; a WebSocket's call has none of its own. */
function socketOf(request: unknown): Socket | undefined {
  const raw = typeof request === 'object' && request !== null && 'raw' in request ? request.raw : undefined;
  const socket = typeof raw === 'object' && raw !== null && 'socket' in raw ? raw.socket : undefined;
  return typeof socket === 'object' && socket !== null && 'once' in socket ? (socket as Socket) : undefined;
}

/** Parameter: tells when the client hangs up. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): ClientGone =>
  ClientGone.of(requestOf(context)),
);
