import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API of records whose answers can be held back. */
export interface HeldApi {
  readonly url: string;
  /** Requests that came, and connections on which they came that have ended. */
  readonly counts: { begun: number; left: number };
  /** Answers nothing from now on. @returns what has it answer again, also those who wait. */
  hold(): () => void;
  close(): void;
}

export async function startHeldApi(records: readonly object[]): Promise<HeldApi> {
  const counts = { begun: 0, left: 0 };
  let answered: Promise<void> = Promise.resolve();
  const server = createServer((request, response) => {
    counts.begun += 1;
    request.socket.once('close', () => (counts.left += 1));
    response.setHeader('content-type', 'application/json');
    void answered.then(() => response.end(JSON.stringify(records)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    counts,
    hold: () => {
      const gate = new EventEmitter();
      answered = once(gate, 'open').then(() => undefined);
      return () => void gate.emit('open');
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
