import { describe, expect, it, vi } from 'vitest';
import { onAbort } from './on-abort.js';

describe('onAbort', () => {
  it('calls everybody who has not taken the callback back, once', () => {
    const controller = new AbortController();
    const [stays, leaves] = [vi.fn(), vi.fn()];
    onAbort(controller.signal, stays);
    onAbort(controller.signal, leaves)();
    controller.abort();
    controller.abort();
    expect(stays).toHaveBeenCalledOnce();
    expect(leaves).not.toHaveBeenCalled();
  });

  it('lets a callback take back one that comes after it', () => {
    const controller = new AbortController();
    const second = vi.fn();
    const endings: (() => void)[] = [];
    onAbort(controller.signal, () => endings.forEach((end) => end()));
    endings.push(onAbort(controller.signal, second));
    controller.abort();
    expect(second).not.toHaveBeenCalled();
  });

  it('listens once, however many call', () => {
    const controller = new AbortController();
    const listen = vi.spyOn(controller.signal, 'addEventListener');
    for (let call = 0; call < 20; call += 1) onAbort(controller.signal, () => undefined)();
    expect(listen).toHaveBeenCalledOnce();
  });
});
