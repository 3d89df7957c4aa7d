import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { type Account, MemberRepository } from '../users/member.repository.js';

/** Checks an e-mail and a password. */
@Injectable()
export class PasswordStrategy extends PassportStrategy(Strategy, 'password') {
  constructor(
    private readonly members: MemberRepository,
    private readonly hasher: PasswordHasher,
  ) {
    super({ usernameField: 'email', passwordField: 'password', session: false });
  }

  /**
   * Does the same work for unknown and disabled accounts as for others, and upgrades weak hashes.
   * @returns the account with those of its memberships that are not disabled; null when there is none.
   */
  async validate(email: string, password: string): Promise<Account | null> {
    const account = await this.members.findByEmail(email);
    const matches = await this.hasher.verify(account?.user.passwordHash ?? null, password);
    const memberships = account?.memberships.filter((membership) => membership.disabledAt === null) ?? [];
    if (account === null || !matches || memberships.length === 0) return null;
    const { user } = account;
    if (this.hasher.isWeak(user.passwordHash)) {
      await this.members.upgradePasswordHash(user.id, user.passwordHash, await this.hasher.hash(password));
    }
    return { user, memberships };
  }
}
