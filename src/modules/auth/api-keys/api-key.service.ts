import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { isUUID } from 'class-validator';
import type { ActorContext } from '../../../common/access/actor.js';
import type { Permission } from '../../../common/access/permissions.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { sha256 } from '../../../common/crypto/digest.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import {
  decodeCursor,
  invalidCursor,
  type Page,
  type PageArgs,
  pageOf,
  pageSize,
} from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { CredentialChanges } from '../access/credential-changes.js';
import type { ApiKeyEntity } from '../entities/api-key.entity.js';
import { assertHolds } from '../users/user.rules.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { generateApiKey, shownPrefixOf, validUntil } from './api-key.rules.js';

export interface NewApiKey {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly expiresAt?: Date | null | undefined;
}

/** A key that was just made; the only time that it is seen. */
export interface MadeApiKey {
  readonly apiKey: ApiKeyEntity;
  readonly key: string;
}

/** The API keys of a workspace. A key never carries more than whoever makes or rotates it has at that moment. */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly changes: CredentialChanges,
    private readonly trail: AuditTrail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_PAGE_MAX_SIZE'>,
  ) {}

  /** Newest first, those that no longer work included. */
  async list({ actor }: ActorContext, page: PageArgs): Promise<Page<ApiKeyEntity>> {
    const size = pageSize(page.first, this.settings.NESTOR_PAGE_MAX_SIZE);
    const rows = await this.keys.list(actor.workspaceId, size + 1, placeOf(page.after ?? undefined));
    return pageOf(rows, size, ({ createdAt, id }) => [createdAt.getTime(), id]);
  }

  /** @throws {CodedError} FORBIDDEN when a permission is asked for that the actor lacks, INVALID_INPUT */
  async create(context: ActorContext, input: NewApiKey): Promise<MadeApiKey> {
    assertHolds(context.actor, input.permissions, 'Creating this key');
    if (input.expiresAt && input.expiresAt.getTime() <= Date.now()) {
      throw new CodedError('INVALID_INPUT', 'expiresAt: lies in the past.');
    }
    const made = makeKey({
      workspaceId: context.actor.workspaceId,
      name: input.name.trim(),
      permissions: [...new Set(input.permissions)],
      createdBy: await this.personBehind(context),
      expiresAt: input.expiresAt ?? null,
      rotatedFromId: null,
    });
    await this.trail.transaction(context, async (transaction) => {
      await this.keys.add(transaction.manager, made.apiKey);
      const detail = { name: made.apiKey.name, permissions: made.apiKey.permissions.join(' ') };
      transaction.audit({ action: 'api-key.create', resourceType: 'api-key', resourceId: made.apiKey.id, detail });
    });
    return made;
  }

  /**
   * Makes a successor with the same name, permissions and expiry. The old key works beside it until the overlap ends.
   * @param overlapSeconds 0 ends the old key at once.
   * @throws {CodedError} NOT_FOUND, CONFLICT when the key no longer works or was rotated before, FORBIDDEN
   */
  async rotate(context: ActorContext, id: string, overlapSeconds: number): Promise<MadeApiKey> {
    const { workspaceId } = context.actor;
    const createdBy = await this.personBehind(context);
    return this.trail.transaction(context, async (transaction) => {
      const old = found(await this.keys.lock(transaction.manager, workspaceId, id), id);
      assertHolds(context.actor, old.permissions, 'Rotating this key');
      if (old.graceEndsAt !== null || validUntil(old) <= Date.now()) {
        throw new CodedError('CONFLICT', 'Only a key that works and was not rotated yet can be rotated.');
      }
      const { name, permissions, expiresAt } = old;
      const made = makeKey({ workspaceId, name, permissions, createdBy, expiresAt, rotatedFromId: id });
      await this.keys.setGraceEnd(transaction.manager, workspaceId, id, new Date(Date.now() + overlapSeconds * 1_000));
      await this.keys.add(transaction.manager, made.apiKey);
      const detail = { successor: made.apiKey.id, overlapSeconds };
      transaction.audit({ action: 'api-key.rotate', resourceType: 'api-key', resourceId: id, detail });
      transaction.afterCommit(() => this.changes.announce(id));
      return made;
    });
  }

  /** Ends a key now. Doing it again changes nothing. @throws {CodedError} NOT_FOUND */
  async revoke(context: ActorContext, id: string): Promise<ApiKeyEntity> {
    const { workspaceId } = context.actor;
    return this.trail.transaction(context, async (transaction) => {
      const key = found(await this.keys.lock(transaction.manager, workspaceId, id), id);
      const revokedAt = key.revokedAt ?? new Date();
      await this.keys.revoke(transaction.manager, workspaceId, id, revokedAt);
      transaction.audit({ action: 'api-key.revoke', resourceType: 'api-key', resourceId: id });
      transaction.afterCommit(() => this.changes.announce(id));
      return Object.assign(key, { revokedAt });
    });
  }

  /** Who answers for a key that this actor makes. */
  private async personBehind({ actor }: ActorContext): Promise<string> {
    if (actor.kind === 'USER') return actor.id;
    return found(await this.keys.find(actor.workspaceId, actor.id), actor.id).createdBy;
  }
}

type GivenColumns = 'workspaceId' | 'name' | 'permissions' | 'createdBy' | 'expiresAt' | 'rotatedFromId';

/** A row for a new key, and the key. */
export function makeKey(row: Pick<ApiKeyEntity, GivenColumns>): MadeApiKey {
  const key = generateApiKey();
  const apiKey = {
    ...row,
    id: randomUUID(),
    prefix: shownPrefixOf(key),
    hash: sha256(key),
    revokedAt: null,
    graceEndsAt: null,
    lastUsedAt: null,
    createdAt: new Date(),
  };
  return { apiKey, key };
}

function found(key: ApiKeyEntity | null, id: string): ApiKeyEntity {
  if (key === null) throw new CodedError('NOT_FOUND', `There is no API key ${id} in this workspace.`);
  return key;
}

function placeOf(cursor: string | undefined) {
  if (cursor === undefined) return undefined;
  const [time, id] = decodeCursor(cursor, 2);
  const createdAt = new Date(Number(time));
  if (!isUUID(id, 'loose') || Number.isNaN(createdAt.getTime())) throw invalidCursor();
  return { createdAt, id: String(id) };
}
