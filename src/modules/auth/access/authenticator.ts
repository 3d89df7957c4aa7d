import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../common/access/actor.js';
import { sha256 } from '../../../common/crypto/digest.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { CredentialCache, type VerifiedCredential } from './credential-cache.js';
import type { Credential } from './credentials.js';
import { runStrategy } from './passport-runner.js';

/** Turns credentials into actors: from the cache at once, else by the Passport strategy of their kind. */
@Injectable()
export class Authenticator {
  /** Look-ups under way, so that many requests with one credential ask once. */
  private readonly pending = new Map<string, Promise<Actor | null>>();

  constructor(
    private readonly cache: CredentialCache,
    private readonly accessTokens: AccessTokenStrategy,
    private readonly apiKeys: ApiKeyStrategy,
  ) {}

  /** @returns the actor at once where the cache has it; null for credentials that are not valid. */
  actorOf(credential: Credential): Actor | Promise<Actor | null> {
    const digest = sha256(credential.value);
    const cached = this.cache.get(digest);
    if (cached !== undefined) return cached;
    const mark = this.cache.mark();
    // After a revocation nobody joins a look-up that began before it.
    const key = `${digest} ${mark}`;
    const underWay = this.pending.get(key);
    if (underWay !== undefined) return underWay;
    const lookUp = this.lookUp(credential, digest, mark).finally(() => this.pending.delete(key));
    this.pending.set(key, lookUp);
    return lookUp;
  }

  private async lookUp(credential: Credential, digest: string, mark: number): Promise<Actor | null> {
    const strategy = credential.kind === 'API_KEY' ? this.apiKeys : this.accessTokens;
    const headers = { authorization: `Bearer ${credential.value}` };
    const found = await runStrategy<VerifiedCredential>(strategy, { headers });
    if (found === null) return null;
    this.cache.keep(digest, found, mark);
    return found.actor;
  }
}
