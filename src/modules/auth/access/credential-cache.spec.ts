import { describe, expect, it, vi } from 'vitest';
import type { Actor } from '../../../common/access/actor.js';
import { type Channel, channels, Notifications } from '../../../common/notifications/notifications.js';
import { CredentialCache } from './credential-cache.js';

/** Notifications within this process alone. */
class LocalNotifications extends Notifications {
  readonly listeners = new Set<(message: string) => void>();
  readonly gaps = new Set<() => void>();

  override async publish(_: Channel, message: string): Promise<void> {
    for (const listener of this.listeners) listener(message);
  }

  override subscribe(channel: Channel, listener: (message: string) => void): () => void {
    expect(channel).toBe(channels.credentialsChanged);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  override onGap(listener: () => void): () => void {
    this.gaps.add(listener);
    return () => this.gaps.delete(listener);
  }
}

const actor = (id: string, sessionId?: string): Actor => ({
  kind: 'USER',
  id,
  name: id,
  workspaceId: 'workspace',
  role: 'VIEWER',
  permissions: new Set(),
  ...(sessionId !== undefined && { sessionId }),
});

function made(NESTOR_CREDENTIAL_CACHE_MS = 5_000) {
  const notifications = new LocalNotifications();
  const cache = new CredentialCache(notifications, { NESTOR_CREDENTIAL_CACHE_MS });
  cache.onModuleInit();
  const keep = (digest: string, who: Actor, validUntil = Number.POSITIVE_INFINITY) =>
    cache.keep(digest, { actor: who, validUntil }, cache.mark());
  return { notifications, cache, keep };
}

describe('CredentialCache', () => {
  it('keeps what was verified for its time, and not beyond its expiry', () => {
    vi.useFakeTimers({ now: 1_000_000 });
    try {
      const { cache, keep } = made();
      keep('long', actor('a'));
      keep('short', actor('b'), Date.now() + 1_000);
      expect([cache.get('long')?.id, cache.get('short')?.id]).toEqual(['a', 'b']);
      vi.setSystemTime(Date.now() + 1_000);
      expect([cache.get('long')?.id, cache.get('short')?.id]).toEqual(['a', undefined]);
      vi.setSystemTime(Date.now() + 4_000);
      expect(cache.get('long')).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('drops what belongs to a user or a session that changed, and nothing else', async () => {
    const { notifications, cache, keep } = made();
    keep('1', actor('a', 's1'));
    keep('2', actor('a', 's2'));
    keep('3', actor('b', 's3'));
    await notifications.publish(channels.credentialsChanged, 's1');
    expect(['1', '2', '3'].map((digest) => cache.get(digest)?.id)).toEqual([undefined, 'a', 'b']);
    await notifications.publish(channels.credentialsChanged, 'a');
    expect(['1', '2', '3'].map((digest) => cache.get(digest)?.id)).toEqual([undefined, undefined, 'b']);
  });

  it('drops everything when notifications may have been missed', () => {
    const { notifications, cache, keep } = made();
    keep('1', actor('a'));
    for (const gap of notifications.gaps) gap();
    expect(cache.get('1')).toBeUndefined();
  });

  it('does not keep what was read before something changed', async () => {
    const { notifications, cache } = made();
    const mark = cache.mark();
    await notifications.publish(channels.credentialsChanged, 'a');
    cache.keep('1', { actor: actor('a'), validUntil: Number.POSITIVE_INFINITY }, mark);
    expect(cache.get('1')).toBeUndefined();
  });

  it('holds a bounded number, and lets the least recently used go first', () => {
    const { cache, keep } = made(60_000);
    for (let index = 0; index < 10_000; index += 1) keep(String(index), actor('a'));
    expect(cache.get('0')?.id).toBe('a');
    keep('one more', actor('b'));
    expect([cache.get('0')?.id, cache.get('1')?.id, cache.get('one more')?.id]).toEqual(['a', undefined, 'b']);
  });

  it('keeps nothing when it is switched off, and stops listening at the end', () => {
    const { notifications, cache, keep } = made(0);
    keep('1', actor('a'));
    expect(cache.get('1')).toBeUndefined();
    cache.onModuleDestroy();
    expect([notifications.listeners.size, notifications.gaps.size]).toEqual([0, 0]);
  });
});
