import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ActorContext, CallContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { sha256 } from '../../../common/crypto/digest.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { CredentialChanges } from '../access/credential-changes.js';
import { RefusalRecorder } from '../access/refusal-recorder.js';
import { type Member, MemberRepository } from '../users/member.repository.js';
import { type AccessToken, AccessTokenService } from './access-token.service.js';
import { SessionRepository } from './session.repository.js';
import { generateRefreshToken, isWellFormedRefreshToken } from './session.rules.js';

/** What a client gets for signing in or refreshing. */
export interface OpenedSession {
  readonly access: AccessToken;
  readonly refreshToken: string;
  readonly member: Member;
}

/** Sessions: opened by a sign-in, kept alive by single-use refresh tokens, ended by signing out or by misuse. */
@Injectable()
export class SessionService {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly members: MemberRepository,
    private readonly accessTokens: AccessTokenService,
    private readonly changes: CredentialChanges,
    private readonly refusals: RefusalRecorder,
    private readonly trail: AuditTrail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_REFRESH_TOKEN_SECONDS'>,
  ) {}

  /** Opens a session of a member whose password was right. */
  async open(context: CallContext, member: Member): Promise<OpenedSession> {
    const { workspaceId, userId } = member;
    const session = { id: randomUUID(), workspaceId, userId, expiresAt: this.nextExpiry(), revokedAt: null };
    return this.trail.transaction(context, async (transaction) => {
      await this.sessions.addSession(transaction.manager, { ...session, createdAt: new Date() });
      transaction.audit({
        action: 'session.sign-in',
        resourceType: 'session',
        resourceId: session.id,
        ...personOf(member),
      });
      return this.issue(transaction.manager, session, member);
    });
  }

  /**
   * Exchanges a refresh token for a fresh pair. A token works once: whoever presents it again, be it a thief or its
   * owner after a theft, ends the whole session, also when both come at the same moment. A client that is not sure
   * whether its refresh went through has to sign in again.
   * @throws {CodedError} UNAUTHENTICATED
   */
  async refresh(context: CallContext, refreshToken: string): Promise<OpenedSession> {
    if (!isWellFormedRefreshToken(refreshToken)) throw this.refuse(context);
    const hash = sha256(refreshToken);
    const opened = await this.trail.transaction(context, async (transaction) => {
      const { manager } = transaction;
      const now = new Date();
      const used = await this.sessions.useRefreshToken(manager, hash, now);
      const token = await this.sessions.findRefreshToken(manager, hash);
      const session = token && (await this.sessions.find(manager, token.workspaceId, token.sessionId));
      const member = session && (await this.members.find(session.workspaceId, session.userId, manager));
      if (!member) throw this.refuse(context);
      const event = { resourceType: 'session', resourceId: session.id, ...personOf(member) };
      if (used) {
        const expiresAt = this.nextExpiry();
        const extended =
          member.disabledAt === null &&
          (await this.sessions.extend(manager, session.workspaceId, session.id, expiresAt));
        if (!extended) throw this.refuse(context);
        transaction.audit({ ...event, action: 'session.refresh' });
        return this.issue(manager, Object.assign(session, { expiresAt }), member);
      }
      const ended =
        token.usedAt !== null && (await this.sessions.revoke(manager, session.workspaceId, session.id, now));
      if (!ended) throw this.refuse(context);
      transaction.audit({ ...event, action: 'session.reuse', outcome: 'DENIED', errorCode: 'UNAUTHENTICATED' });
      transaction.afterCommit(() => this.changes.announce(session.id));
      return null;
    });
    if (opened === null) throw refreshRefused();
    return opened;
  }

  /** Ends the session that the call came by. @throws {CodedError} CONFLICT for an API key, which has none. */
  async signOut(context: ActorContext): Promise<void> {
    const { sessionId, workspaceId } = context.actor;
    if (sessionId === undefined) {
      throw new CodedError('CONFLICT', 'An API key has no session to end. Revoke the key instead.');
    }
    await this.trail.transaction(context, async (transaction) => {
      await this.sessions.revoke(transaction.manager, workspaceId, sessionId, new Date());
      transaction.audit({ action: 'session.sign-out', resourceType: 'session', resourceId: sessionId });
      transaction.afterCommit(() => this.changes.announce(sessionId));
    });
  }

  private async issue(
    manager: EntityManager,
    session: { id: string; workspaceId: string; userId: string; expiresAt: Date },
    member: Member,
  ): Promise<OpenedSession> {
    const refreshToken = generateRefreshToken();
    await this.sessions.addRefreshToken(manager, {
      hash: sha256(refreshToken),
      workspaceId: session.workspaceId,
      sessionId: session.id,
      expiresAt: session.expiresAt,
      usedAt: null,
      createdAt: new Date(),
    });
    return { access: await this.accessTokens.issue(session), refreshToken, member };
  }

  /** Anybody can present texts that are no tokens, so these events are bounded. */
  private refuse(context: CallContext): CodedError {
    this.refusals.record(context, {
      action: 'session.refresh',
      resourceType: 'session',
      resourceId: 'unknown',
      outcome: 'DENIED',
      errorCode: 'UNAUTHENTICATED',
    });
    return refreshRefused();
  }

  private nextExpiry(): Date {
    return new Date(Date.now() + this.settings.NESTOR_REFRESH_TOKEN_SECONDS * 1_000);
  }
}

/** The same answer to all refusals: which it was is nobody's business. */
const refreshRefused = () =>
  new CodedError('UNAUTHENTICATED', 'The refresh token is unknown, expired, or was used before. Sign in again.');

/** Whom an event is about, on calls that carry no credentials. */
const personOf = ({ workspaceId, user }: Member) => ({
  workspaceId,
  actor: { kind: 'USER', id: user.id, name: user.email } as const,
});
