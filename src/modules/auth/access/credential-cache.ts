import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';

/** A credential that was found valid, and for how long it says so itself. */
export interface VerifiedCredential {
  readonly actor: Actor;
  /** Milliseconds since the epoch; `Infinity` for keys that do not expire. */
  readonly validUntil: number;
}

/** About 10 MB at most; the least recently used leave first. */
const CAPACITY = 10_000;

/**
 * Verified credentials by the SHA-256 of the credential, for NESTOR_CREDENTIAL_CACHE_MS at most and never beyond their
 * own expiry. A notification drops those of a user, session or key at once; when notifications may have been missed
 * all are dropped.
 */
@Injectable()
export class CredentialCache implements OnModuleInit, OnModuleDestroy {
  private readonly entries = new Map<string, VerifiedCredential>();
  private readonly endings: (() => void)[] = [];
  /** Counts what was dropped, so that a look-up that began before is not kept. */
  private generation = 0;

  constructor(
    private readonly notifications: Notifications,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_CREDENTIAL_CACHE_MS'>,
  ) {}

  onModuleInit(): void {
    this.endings.push(
      this.notifications.subscribe(channels.credentialsChanged, (id) => this.drop(id)),
      this.notifications.onGap(() => this.clear()),
    );
  }

  onModuleDestroy(): void {
    for (const end of this.endings.splice(0)) end();
  }

  get(digest: string): Actor | undefined {
    const entry = this.entries.get(digest);
    if (entry === undefined) return undefined;
    this.entries.delete(digest);
    if (entry.validUntil <= Date.now()) return undefined;
    // A Map keeps the order of insertion: the first is the least recently used.
    this.entries.set(digest, entry);
    return entry.actor;
  }

  /** Takes a mark before a look-up, for {@link keep} after it. */
  mark(): number {
    return this.generation;
  }

  /** Keeps what a look-up found, unless anything was dropped since `mark`: it may have read what was true before. */
  keep(digest: string, found: VerifiedCredential, mark: number): void {
    const maximum = this.settings.NESTOR_CREDENTIAL_CACHE_MS;
    if (maximum === 0 || mark !== this.generation) return;
    this.entries.set(digest, { ...found, validUntil: Math.min(found.validUntil, Date.now() + maximum) });
    if (this.entries.size <= CAPACITY) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }

  /** Forgets what belongs to a user, session or API key. */
  drop(id: string): void {
    this.generation += 1;
    for (const [digest, { actor }] of this.entries) {
      if (actor.id === id || actor.sessionId === id) this.entries.delete(digest);
    }
  }

  private clear(): void {
    this.generation += 1;
    this.entries.clear();
  }
}
