import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server, so that a test can cut them off from each other as an outage would. */
export interface Relay {
  readonly port: number;
  /** Ends all connections and refuses new ones. */
  down(): void;
  up(): void;
  /** From now on the server's answers are lost on the way, while requests reach it. Until it is up again. */
  loseAnswers(): void;
  /** Resolves with the next connection that is made. */
  nextConnection(): Promise<void>;
  /** Resolves with the next connection that is refused. */
  nextRefusal(): Promise<void>;
  close(): Promise<void>;
}

export async function openRelay(
  server: { readonly host: string; readonly port: number },
  host = '127.0.0.1',
): Promise<Relay> {
  const sockets = new Set<Socket>();
  const events = new EventEmitter();
  let isUp = true;
  let answersAreLost = false;
  const relay = createServer((client) => {
    if (!isUp) {
      client.destroy();
      events.emit('refusal');
      return;
    }
    events.emit('connection');
    const upstream = connect(server);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (answer) => {
      if (!answersAreLost) client.write(answer);
    });
  });
  relay.listen(0, host);
  await once(relay, 'listening');
  const address = relay.address();
  if (address === null || typeof address === 'string') throw new Error('The relay has no port.');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    down: () => {
      isUp = false;
      cut();
    },
    up: () => {
      isUp = true;
      answersAreLost = false;
    },
    loseAnswers: () => {
      answersAreLost = true;
    },
    nextConnection: async () => {
      await once(events, 'connection');
    },
    nextRefusal: async () => {
      await once(events, 'refusal');
    },
    close: async () => {
      relay.close();
      cut();
      await once(relay, 'close');
    },
  };
}
