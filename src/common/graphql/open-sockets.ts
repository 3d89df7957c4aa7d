import { type BeforeApplicationShutdown, Injectable, Module } from '@nestjs/common';
import type { WebSocket } from 'ws';

/** RFC 6455, 7.4.1: this server goes away. Clients of graphql-ws connect again, and find another process. */
const GOING_AWAY = 1001;

/** How long a client may take to confirm that, in milliseconds. */
const FAREWELL_MS = 1_000;

/** The WebSockets of this process. An HTTP server ends when all of its connections have, and these never would. */
@Injectable()
export class OpenSockets implements BeforeApplicationShutdown {
  private readonly sockets = new Set<WebSocket>();
  private isClosing = false;

  add(socket: WebSocket): void {
    if (this.isClosing) {
      leave(socket);
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  beforeApplicationShutdown(): void {
    this.isClosing = true;
    for (const socket of this.sockets) leave(socket);
  }
}

function leave(socket: WebSocket): void {
  socket.close(GOING_AWAY);
  setTimeout(() => socket.terminate(), FAREWELL_MS).unref();
}

@Module({ providers: [OpenSockets], exports: [OpenSockets] })
export class OpenSocketsModule {}
