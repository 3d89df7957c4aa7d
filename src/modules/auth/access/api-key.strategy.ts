import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import CustomStrategy from 'passport-custom';
import { sha256 } from '../../../common/crypto/digest.js';
import { ApiKeyRepository } from '../api-keys/api-key.repository.js';
import { isWellFormedApiKey, validUntil } from '../api-keys/api-key.rules.js';
import type { VerifiedCredential } from './credential-cache.js';
import { credentialOf } from './credentials.js';
import type { StrategyRequest } from './passport-runner.js';

/** How coarse `lastUsedAt` is, in milliseconds: a busy key must not write a row for every request. */
const LAST_USED_GRAIN_MS = 60_000;

/** Checks an API key: its checksum, then its digest in the database. */
@Injectable()
export class ApiKeyStrategy extends PassportStrategy(CustomStrategy, 'api-key') {
  constructor(private readonly keys: ApiKeyRepository) {
    super();
  }

  async validate(request: StrategyRequest): Promise<VerifiedCredential | null> {
    const value = credentialOf(request.headers)?.value ?? '';
    if (!isWellFormedApiKey(value)) return null;
    const key = await this.keys.findByHash(sha256(value));
    const now = Date.now();
    if (key === null || validUntil(key) <= now) return null;
    if (key.lastUsedAt === null || now - key.lastUsedAt.getTime() >= LAST_USED_GRAIN_MS) {
      await this.keys.setLastUsed(key.workspaceId, key.id, new Date(now));
    }
    return {
      actor: {
        kind: 'API_KEY',
        id: key.id,
        name: key.name,
        workspaceId: key.workspaceId,
        role: 'SERVICE',
        permissions: new Set(key.permissions),
      },
      validUntil: validUntil(key),
    };
  }
}
