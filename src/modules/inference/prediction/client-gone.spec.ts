import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClientGone } from './client-gone.js';

const requestOn = (socket: Socket) => ({ id: '1', raw: { socket } });

describe('ClientGone', () => {
  it('tells every request of a connection that closed, but not those that were done', () => {
    const socket = new Socket();
    const first = ClientGone.of(requestOn(socket));
    const second = ClientGone.of(requestOn(socket));
    const done = ClientGone.of(requestOn(socket));
    const signals = [first.signal, second.signal, done.signal];
    expect(first.signal).toBe(signals[0]);
    done.release();
    expect(socket.listenerCount('close')).toBe(1);
    socket.emit('close');
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, false]);
    first.release();
  });

  it('tells nothing of calls that have no connection of their own', () => {
    for (const request of [undefined, null, {}, { raw: {} }, { raw: { socket: null } }]) {
      const gone = ClientGone.of(request);
      expect(gone.signal).toBeUndefined();
      gone.release();
    }
  });
});
