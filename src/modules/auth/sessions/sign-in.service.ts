import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { CallContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { runStrategy } from '../access/passport-runner.js';
import { PasswordStrategy } from '../access/password.strategy.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { type Account, MemberRepository } from '../users/member.repository.js';
import { normalizeEmail } from '../users/user.rules.js';
import { WorkspaceRepository } from '../workspaces/workspace.repository.js';
import { type OpenedSession, SessionService } from './session.service.js';
import { chooseMembership } from './session.rules.js';
import { SignInLimits } from './sign-in-limits.js';

export interface SignInRequest {
  readonly email: string;
  readonly password: string;
  /** Slug; needed where the account is in several workspaces. */
  readonly workspace?: string | null | undefined;
}

/** Signing in with e-mail and password. */
@Injectable()
export class SignInService implements OnModuleInit {
  constructor(
    private readonly limits: SignInLimits,
    private readonly strategy: PasswordStrategy,
    private readonly sessions: SessionService,
    private readonly members: MemberRepository,
    private readonly workspaces: WorkspaceRepository,
    private readonly hasher: PasswordHasher,
    private readonly trail: AuditTrail,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.hasher.prepare();
  }

  /** @throws {CodedError} RATE_LIMITED, INVALID_CREDENTIALS, INVALID_INPUT when the workspace has to be named, OVERLOADED */
  async signIn(context: CallContext, request: SignInRequest): Promise<OpenedSession> {
    const email = normalizeEmail(request.email);
    await this.limits.countAttempt(context, 'session.sign-in', email);
    const body = { email, password: request.password };
    const account = await runStrategy<Account>(this.strategy, { headers: {}, body });
    const member = account && chooseMembership(account.memberships, request.workspace ?? undefined);
    if (!member) {
      await this.recordFailure(context, email);
      throw new CodedError('INVALID_CREDENTIALS', 'E-mail and password do not match an active account.');
    }
    return this.sessions.open(context, member);
  }

  /** The failure is known to the workspaces of the account; that of an unknown one to the only workspace, if it is. */
  private async recordFailure(context: CallContext, email: string): Promise<void> {
    const account = await this.members.findByEmail(email);
    const event = {
      action: 'session.sign-in',
      resourceType: 'account',
      resourceId: account?.user.id ?? 'unknown',
      outcome: 'FAILURE',
      errorCode: 'INVALID_CREDENTIALS',
      detail: { email },
      ...(account && { actor: { kind: 'USER', id: account.user.id, name: email } as const }),
    } as const;
    const known = account?.memberships.map(({ workspaceId }) => workspaceId) ?? [];
    const sole = known.length === 0 ? await this.workspaces.soleId() : undefined;
    const workspaceIds = sole === undefined ? known : [sole];
    if (workspaceIds.length === 0) await this.trail.record(context, event);
    for (const workspaceId of workspaceIds) await this.trail.record(context, { ...event, workspaceId });
  }
}
