import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ActorContext } from '../../../common/access/actor.js';
import type { Role } from '../../../common/access/permissions.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { isUniqueViolation } from '../../../common/database/database-errors.rules.js';
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
import { ApiKeyRepository } from '../api-keys/api-key.repository.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password.rules.js';
import { SessionRepository } from '../sessions/session.repository.js';
import { type Member, MemberRepository } from './member.repository.js';
import { assertNotLastAdmin, assertOutranks, normalizeEmail } from './user.rules.js';

export interface NewUser {
  readonly email: string;
  /** Default: the part of the e-mail before the @. */
  readonly displayName?: string | null | undefined;
  readonly role: Role;
  readonly password: string;
}

/** The people of a workspace. */
@Injectable()
export class UserService {
  constructor(
    private readonly members: MemberRepository,
    private readonly sessions: SessionRepository,
    private readonly apiKeys: ApiKeyRepository,
    private readonly hasher: PasswordHasher,
    private readonly changes: CredentialChanges,
    private readonly trail: AuditTrail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_PAGE_MAX_SIZE'>,
  ) {}

  /** The person behind the credentials: the signed-in user, or the one who answers for the API key. */
  async me({ actor }: ActorContext): Promise<Member> {
    const key = actor.kind === 'API_KEY' ? await this.apiKeys.find(actor.workspaceId, actor.id) : null;
    return this.get(actor.workspaceId, key?.createdBy ?? actor.id);
  }

  async list({ actor }: ActorContext, page: PageArgs): Promise<Page<Member>> {
    const size = pageSize(page.first, this.settings.NESTOR_PAGE_MAX_SIZE);
    const rows = await this.members.list(actor.workspaceId, size + 1, emailOf(page.after ?? undefined));
    return pageOf(rows, size, ({ user }) => [user.email]);
  }

  /**
   * Makes an account in the actor's workspace. An e-mail has one account in the whole installation.
   * @throws {CodedError} ALREADY_EXISTS, FORBIDDEN when the role has permissions that the actor lacks, INVALID_INPUT
   */
  async create(context: ActorContext, input: NewUser): Promise<Member> {
    const { workspaceId } = context.actor;
    assertOutranks(context.actor, input.role, `Giving the role ${input.role}`);
    const email = normalizeEmail(input.email);
    assertAcceptablePassword(input.password, email);
    const user = {
      id: randomUUID(),
      email,
      displayName: input.displayName?.trim() || email.replace(/@.*$/, ''),
      passwordHash: await this.hasher.hash(input.password),
      createdAt: new Date(),
    };
    const membership = { workspaceId, userId: user.id, role: input.role, disabledAt: null, createdAt: user.createdAt };
    try {
      await this.trail.transaction(context, async (transaction) => {
        await this.members.addUser(transaction.manager, user);
        await this.members.addMembership(transaction.manager, membership);
        const detail = { email, role: input.role };
        transaction.audit({ action: 'user.create', resourceType: 'user', resourceId: user.id, detail });
      });
    } catch (error) {
      if (!isUniqueViolation(error, 'users_email_key')) throw error;
      throw new CodedError('ALREADY_EXISTS', `email: an account of ${email} exists already.`);
    }
    return this.get(workspaceId, user.id);
  }

  /** @throws {CodedError} NOT_FOUND, FORBIDDEN, CONFLICT when it would leave no administrator. */
  async setRole(context: ActorContext, userId: string, role: Role): Promise<Member> {
    assertOutranks(context.actor, role, `Giving the role ${role}`);
    return this.change(context, userId, async (manager, member, admins) => {
      if (role !== 'ADMIN') assertNotLastAdmin(admins, userId);
      await this.members.setRole(manager, member.workspaceId, userId, role);
      return { action: 'user.set-role', detail: { from: member.role, to: role }, changed: [userId] };
    });
  }

  /**
   * Keeps a member from signing in and ends their sessions. API keys that they created go on working, as machines
   * depend on them, unless their revocation is asked for.
   * @throws {CodedError} NOT_FOUND, FORBIDDEN, CONFLICT when it would leave no administrator.
   */
  async disable(context: ActorContext, userId: string, revokeApiKeys: boolean): Promise<Member> {
    return this.change(context, userId, async (manager, member, admins) => {
      assertNotLastAdmin(admins, userId);
      const now = new Date();
      if (member.disabledAt === null) await this.members.setDisabled(manager, member.workspaceId, userId, now);
      await this.sessions.revokeOfMember(manager, member.workspaceId, userId, now);
      const revoked = revokeApiKeys ? await this.apiKeys.revokeOfCreator(manager, member.workspaceId, userId, now) : [];
      return { action: 'user.disable', detail: { revokedApiKeys: revoked.length }, changed: [userId, ...revoked] };
    });
  }

  /** Lets a disabled member sign in again. @throws {CodedError} NOT_FOUND, FORBIDDEN */
  async enable(context: ActorContext, userId: string): Promise<Member> {
    return this.change(context, userId, async (manager, member) => {
      await this.members.setDisabled(manager, member.workspaceId, userId, null);
      return { action: 'user.enable', detail: {}, changed: [userId] };
    });
  }

  /** One change of a member, in line with all others of the workspace; see {@link MemberRepository.lockActiveAdmins}. */
  private async change(
    context: ActorContext,
    userId: string,
    apply: (
      manager: EntityManager,
      member: Member,
      admins: readonly string[],
    ) => Promise<{ action: string; detail: Record<string, string | number>; changed: readonly string[] }>,
  ): Promise<Member> {
    const { workspaceId } = context.actor;
    return this.trail.transaction(context, async (transaction) => {
      const admins = await this.members.lockActiveAdmins(transaction.manager, workspaceId);
      const member = await this.get(workspaceId, userId, transaction.manager);
      assertOutranks(context.actor, member.role, `Changing a user with the role ${member.role}`);
      const { action, detail, changed } = await apply(transaction.manager, member, admins);
      transaction.audit({ action, resourceType: 'user', resourceId: userId, detail });
      transaction.afterCommit(() => this.changes.announce(...changed));
      return this.get(workspaceId, userId, transaction.manager);
    });
  }

  private async get(workspaceId: string, userId: string, manager?: EntityManager): Promise<Member> {
    const member = await this.members.find(workspaceId, userId, manager);
    if (member === null) throw new CodedError('NOT_FOUND', `There is no user ${userId} in this workspace.`);
    return member;
  }
}

function emailOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const [email] = decodeCursor(cursor, 1);
  // PostgreSQL refuses texts with a zero character, which no e-mail has.
  if (typeof email !== 'string' || email.includes('\0')) throw invalidCursor();
  return email;
}
