import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { CredentialChanges } from '../access/credential-changes.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password.rules.js';
import { SessionRepository } from '../sessions/session.repository.js';
import { SignInLimits } from '../sessions/sign-in-limits.js';
import { MemberRepository } from './member.repository.js';

/** Changing one's own password. */
@Injectable()
export class PasswordService {
  constructor(
    private readonly members: MemberRepository,
    private readonly sessions: SessionRepository,
    private readonly hasher: PasswordHasher,
    private readonly limits: SignInLimits,
    private readonly changes: CredentialChanges,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * Replaces the password and ends all other sessions of the person. Trying the current one counts as a sign-in, so
   * that a stolen access token does not help to guess it.
   * @throws {CodedError} FORBIDDEN for API keys, RATE_LIMITED, INVALID_CREDENTIALS, INVALID_INPUT
   */
  async change(context: ActorContext, currentPassword: string, newPassword: string): Promise<void> {
    const { actor } = context;
    const member = actor.kind === 'USER' ? await this.members.find(actor.workspaceId, actor.id) : null;
    if (member === null) {
      throw new CodedError('FORBIDDEN', 'Only a signed-in user has a password; sign in with it to change it.');
    }
    const { user } = member;
    assertAcceptablePassword(newPassword, user.email);
    await this.limits.countAttempt(context, 'user.change-password', user.email);
    const target = { action: 'user.change-password', resourceType: 'user', resourceId: user.id };
    if (!(await this.hasher.verify(user.passwordHash, currentPassword))) {
      await this.trail.record(context, { ...target, outcome: 'FAILURE', errorCode: 'INVALID_CREDENTIALS' });
      throw new CodedError('INVALID_CREDENTIALS', 'currentPassword: is not the password of this account.');
    }
    const passwordHash = await this.hasher.hash(newPassword);
    await this.trail.transaction(context, async (transaction) => {
      await this.members.setPasswordHash(transaction.manager, user.id, passwordHash);
      await this.sessions.revokeOthers(transaction.manager, user.id, actor.sessionId, new Date());
      transaction.audit(target);
      transaction.afterCommit(() => this.changes.announce(user.id));
    });
  }
}
