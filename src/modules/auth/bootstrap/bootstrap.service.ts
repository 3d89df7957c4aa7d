import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { CallContext } from '../../../common/access/actor.js';
import { permissions } from '../../../common/access/permissions.js';
import { randomBase62 } from '../../../common/crypto/random-token.js';
import { isUniqueViolation } from '../../../common/database/database-errors.rules.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail, type AuditedTransaction } from '../../audit/audit-trail.service.js';
import { CredentialChanges } from '../access/credential-changes.js';
import { ApiKeyRepository } from '../api-keys/api-key.repository.js';
import { makeKey } from '../api-keys/api-key.service.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { SessionRepository } from '../sessions/session.repository.js';
import { type Member, MemberRepository } from '../users/member.repository.js';
import { normalizeEmail } from '../users/user.rules.js';
import { WorkspaceRepository } from '../workspaces/workspace.repository.js';

/** Who administers an installation, and what was made for them just now. */
export interface FirstAdmin {
  readonly workspaceId: string;
  readonly workspaceSlug: string;
  readonly userId: string;
  readonly email: string;
  /** Null when the account was there before: it is kept as a hash only. */
  readonly password: string | null;
  /** Null when the account was there before. It has all permissions, as the account has. */
  readonly apiKey: string | null;
}

const FIRST_WORKSPACE = { name: 'Default', slug: 'default' };

/** Name of the API key that is made along with an administrator. */
const FIRST_KEY = 'default';

/** 24 base62 characters hold 142 bits. */
const PASSWORD_LENGTH = 24;

/** Nestor acting for itself, before anybody can. */
const system = { kind: 'SYSTEM', id: 'bootstrap', name: 'bootstrap' } as const;

/** Makes an installation usable for the first time, and again after its credentials were lost. */
@Injectable()
export class BootstrapService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly workspaces: WorkspaceRepository,
    private readonly members: MemberRepository,
    private readonly keys: ApiKeyRepository,
    private readonly sessions: SessionRepository,
    private readonly hasher: PasswordHasher,
    private readonly changes: CredentialChanges,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * Makes workspace, administrator and API key in one transaction, unless there is a workspace already. Of several that
   * try at once, one makes them and the others return what it made, without its secrets.
   */
  async createFirstWorkspaceAndAdmin({ email }: { email: string }): Promise<FirstAdmin> {
    const present = await this.findFirstAdmin();
    if (present !== null) return present;
    try {
      return await this.create(normalizeEmail(email));
    } catch (error) {
      const winner = isUniqueViolation(error, 'workspaces_slug_key') ? await this.findFirstAdmin() : null;
      if (winner === null) throw error;
      return winner;
    }
  }

  /**
   * For credentials that were lost: gives an administrator a new password and a further API key, and ends all their
   * sessions. Whoever can call this has the database, so it asks for nothing.
   * @throws {CodedError} NOT_FOUND unless the account is an administrator who can sign in.
   */
  async resetAdminPassword(email: string): Promise<FirstAdmin> {
    const account = await this.members.findByEmail(normalizeEmail(email));
    const admin = account?.memberships.find(({ role, disabledAt }) => role === 'ADMIN' && disabledAt === null);
    if (admin === undefined) {
      throw new CodedError('NOT_FOUND', `There is no active administrator with the e-mail ${normalizeEmail(email)}.`);
    }
    const { user, workspaceId } = admin;
    const password = randomBase62(PASSWORD_LENGTH);
    const passwordHash = await this.hasher.hash(password);
    const apiKey = await this.trail.transaction(systemContext(), async (transaction) => {
      await this.members.setPasswordHash(transaction.manager, user.id, passwordHash);
      await this.sessions.revokeOthers(transaction.manager, user.id, undefined, new Date());
      const target = { resourceType: 'user', resourceId: user.id };
      transaction.audit({ action: 'user.reset-password', ...target, workspaceId, actor: system });
      transaction.afterCommit(() => this.changes.announce(user.id));
      return this.addKey(transaction, workspaceId, user.id);
    });
    return { ...adminOf(admin), password, apiKey };
  }

  private async create(email: string): Promise<FirstAdmin> {
    const createdAt = new Date();
    const password = randomBase62(PASSWORD_LENGTH);
    const workspace = { id: randomUUID(), ...FIRST_WORKSPACE, createdAt };
    const user = {
      id: randomUUID(),
      email,
      displayName: 'Administrator',
      passwordHash: await this.hasher.hash(password),
      createdAt,
    };
    const membership = {
      workspaceId: workspace.id,
      userId: user.id,
      role: 'ADMIN',
      disabledAt: null,
      createdAt,
    } as const;
    const apiKey = await this.trail.transaction(systemContext(), async (transaction) => {
      await this.workspaces.add(transaction.manager, workspace);
      await this.members.addUser(transaction.manager, user);
      await this.members.addMembership(transaction.manager, membership);
      const by = { workspaceId: workspace.id, actor: system };
      transaction.audit({ action: 'workspace.create', resourceType: 'workspace', resourceId: workspace.id, ...by });
      const detail = { email, role: membership.role };
      transaction.audit({ action: 'user.create', resourceType: 'user', resourceId: user.id, detail, ...by });
      return this.addKey(transaction, workspace.id, user.id);
    });
    return { ...adminOf({ ...membership, user, workspace }), password, apiKey };
  }

  private async addKey(transaction: AuditedTransaction, workspaceId: string, createdBy: string): Promise<string> {
    const row = { workspaceId, name: FIRST_KEY, permissions: [...permissions], createdBy };
    const { apiKey, key } = makeKey({ ...row, expiresAt: null, rotatedFromId: null });
    await this.keys.add(transaction.manager, apiKey);
    const target = { resourceType: 'api-key', resourceId: apiKey.id, workspaceId, actor: system };
    transaction.audit({ action: 'api-key.create', ...target, detail: { name: FIRST_KEY } });
    return key;
  }

  /** The longest-standing active administrator of the first workspace; there always is one. */
  private async findFirstAdmin(): Promise<FirstAdmin | null> {
    const workspace = await this.workspaces.findFirst(this.dataSource.manager);
    if (workspace === null) return null;
    const admin = await this.members.findOldestAdmin(workspace.id);
    if (admin === null) throw new Error(`The workspace ${workspace.slug} has no active administrator.`);
    return { ...adminOf(admin), password: null, apiKey: null };
  }
}

const adminOf = ({ user, workspace }: Member) => ({
  workspaceId: workspace.id,
  workspaceSlug: workspace.slug,
  userId: user.id,
  email: user.email,
});

const systemContext = (): CallContext => ({ requestId: randomUUID(), address: null, actor: null });
