import { describe, expect, it } from 'vitest';
import { isHeld, parseClaim } from './home-lock.rules.js';

const claim = { pid: 7, startTime: '100', bootId: 'boot', claimedAt: '2026-01-01T00:00:00.000Z' };

describe('isHeld', () => {
  it('holds while the very process lives', () => {
    expect(isHeld(claim, { zombie: false, startTime: '100' }, 'boot')).toBe(true);
  });

  it.each([
    ['the process is gone', undefined, 'boot'],
    ['the process has ended and was not collected', { zombie: true, startTime: '100' }, 'boot'],
    ['the id belongs to another process by now', { zombie: false, startTime: '101' }, 'boot'],
    ['the machine was started anew', { zombie: false, startTime: '100' }, 'other boot'],
  ])('is void when %s', (_, facts, bootId) => {
    expect(isHeld(claim, facts, bootId)).toBe(false);
  });

  it('is careful where start times cannot be learned', () => {
    expect(isHeld({ ...claim, startTime: '' }, { zombie: false, startTime: '5' }, 'boot')).toBe(true);
    expect(isHeld(claim, { zombie: false }, 'boot')).toBe(true);
  });
});

describe('parseClaim', () => {
  it('reads what was written', () => {
    expect(parseClaim(JSON.stringify(claim))).toEqual(claim);
  });

  it.each(['', '{"pid":7', '{}', '{"pid":-1,"startTime":"","bootId":"","claimedAt":""}'])('refuses %j', (text) => {
    expect(parseClaim(text)).toBeUndefined();
  });
});
