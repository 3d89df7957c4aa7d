import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientGoneSignal } from './client-gone.js';

const requestOn = (socket: Socket) => ({ id: '1', raw: { socket } });

describe('clientGoneSignal', () => {
  it('is one for all requests of a connection, and fires when that closes', () => {
    const [socket, other] = [new Socket(), new Socket()];
    const signal = clientGoneSignal(requestOn(socket));
    const unmoved = clientGoneSignal(requestOn(other));
    expect(clientGoneSignal(requestOn(socket))).toBe(signal);
    expect(socket.listenerCount('close')).toBe(1);
    expect(signal?.aborted).toBe(false);
    socket.emit('close');
    expect([signal?.aborted, unmoved?.aborted]).toEqual([true, false]);
  });

  it('is not there for calls that have no connection of their own', () => {
    for (const request of [undefined, null, {}, { raw: {} }, { raw: { socket: null } }]) {
      expect(clientGoneSignal(request)).toBeUndefined();
    }
  });
});
