import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, IsNull, LessThan, MoreThan, Not, type Repository } from 'typeorm';
import type { Role } from '../../../common/access/permissions.js';
import { RefreshTokenEntity } from '../entities/refresh-token.entity.js';
import { SessionEntity } from '../entities/session.entity.js';

/** What a valid session says of its user. */
export interface SessionUser {
  readonly email: string;
  readonly role: Role;
}

@Injectable()
export class SessionRepository {
  constructor(@InjectRepository(SessionEntity) private readonly sessions: Repository<SessionEntity>) {}

  /** The user of a session that is neither expired nor revoked and whose membership is not disabled; in one query. */
  async findActiveUser(workspaceId: string, userId: string, sessionId: string): Promise<SessionUser | null> {
    const session = await this.sessions
      .createQueryBuilder('session')
      .innerJoinAndSelect('session.member', 'member', 'member.disabledAt IS NULL')
      .innerJoinAndSelect('member.user', 'user')
      .where('session.id = :sessionId AND session.workspaceId = :workspaceId AND session.userId = :userId', {
        sessionId,
        workspaceId,
        userId,
      })
      .andWhere('session.revokedAt IS NULL AND session.expiresAt > now()')
      .getOne();
    const member = session?.member;
    return member?.user === undefined ? null : { email: member.user.email, role: member.role };
  }

  async addSession(manager: EntityManager, session: SessionEntity): Promise<void> {
    await manager.insert(SessionEntity, session);
  }

  async addRefreshToken(manager: EntityManager, token: RefreshTokenEntity): Promise<void> {
    await manager.insert(RefreshTokenEntity, token);
  }

  /** Across workspaces, as a token is all that its bearer sends. */
  async findRefreshToken(manager: EntityManager, hash: string): Promise<RefreshTokenEntity | null> {
    return manager.findOneBy(RefreshTokenEntity, { hash });
  }

  /** Uses a token up. Of any number of callers at once, one gets true: the others wait for its row and find it used. */
  async useRefreshToken(manager: EntityManager, hash: string, now: Date): Promise<boolean> {
    const unused = { hash, usedAt: IsNull(), expiresAt: MoreThan(now) };
    const { affected } = await manager.update(RefreshTokenEntity, unused, { usedAt: now });
    return affected === 1;
  }

  /** Moves the expiry of a session that is not revoked. The lock this takes orders it against a revocation. */
  async extend(manager: EntityManager, workspaceId: string, sessionId: string, expiresAt: Date): Promise<boolean> {
    const active = { id: sessionId, workspaceId, revokedAt: IsNull() };
    const { affected } = await manager.update(SessionEntity, active, { expiresAt });
    return affected === 1;
  }

  async find(manager: EntityManager, workspaceId: string, sessionId: string): Promise<SessionEntity | null> {
    return manager.findOneBy(SessionEntity, { id: sessionId, workspaceId });
  }

  /** @returns whether it was active until now. */
  async revoke(manager: EntityManager, workspaceId: string, sessionId: string, now: Date): Promise<boolean> {
    const active = { id: sessionId, workspaceId, revokedAt: IsNull() };
    const { affected } = await manager.update(SessionEntity, active, { revokedAt: now });
    return affected === 1;
  }

  async revokeOfMember(manager: EntityManager, workspaceId: string, userId: string, now: Date): Promise<void> {
    await manager.update(SessionEntity, { workspaceId, userId, revokedAt: IsNull() }, { revokedAt: now });
  }

  /** All sessions of a person but one, in every workspace: the password they were opened with is no more. */
  async revokeOthers(manager: EntityManager, userId: string, keep: string | undefined, now: Date): Promise<void> {
    const others = { userId, revokedAt: IsNull(), ...(keep !== undefined && { id: Not(keep) }) };
    await manager.update(SessionEntity, others, { revokedAt: now });
  }

  /** Forgets sessions that ended before the given time, and the outlived tokens of those that go on. */
  async deleteExpired(before: Date): Promise<void> {
    await this.sessions.delete({ expiresAt: LessThan(before) });
    await this.sessions.manager.delete(RefreshTokenEntity, { expiresAt: LessThan(before) });
  }
}
