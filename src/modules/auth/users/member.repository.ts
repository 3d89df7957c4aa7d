import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { isUUID } from 'class-validator';
import type { EntityManager, Repository } from 'typeorm';
import type { Role } from '../../../common/access/permissions.js';
import { MembershipEntity } from '../entities/membership.entity.js';
import { UserEntity } from '../entities/user.entity.js';

/** A membership with the person and the workspace it joins. */
export type Member = MembershipEntity & Required<Pick<MembershipEntity, 'user' | 'workspace'>>;

export interface Account {
  readonly user: UserEntity;
  /** At least one. */
  readonly memberships: readonly Member[];
}

/** People and their places in workspaces. */
@Injectable()
export class MemberRepository {
  constructor(@InjectRepository(MembershipEntity) private readonly memberships: Repository<MembershipEntity>) {}

  /**
   * An account with all its memberships, across workspaces: who signs in has not named one yet. One query, so that it
   * takes as long whether there is such an account or not.
   */
  async findByEmail(email: string): Promise<Account | null> {
    const memberships = (await this.joined().where('user.email = :email', { email }).getMany()).filter(isMember);
    const [first] = memberships;
    return first === undefined ? null : { user: first.user, memberships };
  }

  async find(workspaceId: string, userId: string, manager?: EntityManager): Promise<Member | null> {
    if (!isUUID(userId, 'loose')) return null;
    const member = await this.joined(manager)
      .where('membership.workspaceId = :workspaceId AND membership.userId = :userId', { workspaceId, userId })
      .getOne();
    return member !== null && isMember(member) ? member : null;
  }

  async findOldestAdmin(workspaceId: string): Promise<Member | null> {
    const admin = await this.joined()
      .where(`membership.workspaceId = :workspaceId AND membership.role = 'ADMIN'`, { workspaceId })
      .andWhere('membership.disabledAt IS NULL')
      .orderBy('membership.createdAt')
      .addOrderBy('membership.userId')
      .limit(1)
      .getOne();
    return admin !== null && isMember(admin) ? admin : null;
  }

  /** Members in the order of their e-mails, behind the one given. */
  async list(workspaceId: string, limit: number, afterEmail: string | undefined): Promise<Member[]> {
    const query = this.joined().where('membership.workspaceId = :workspaceId', { workspaceId });
    if (afterEmail !== undefined) query.andWhere('user.email > :afterEmail', { afterEmail });
    return (await query.orderBy('user.email').limit(limit).getMany()).filter(isMember);
  }

  /**
   * Ids of the administrators who can sign in, locked until the transaction ends. Taking this lock first puts all
   * changes of a workspace's members in a line, so that two at once cannot remove each other's last administrator.
   */
  async lockActiveAdmins(manager: EntityManager, workspaceId: string): Promise<string[]> {
    const admins = await manager
      .createQueryBuilder(MembershipEntity, 'membership')
      .setLock('pessimistic_write')
      .where(`membership.workspaceId = :workspaceId AND membership.role = 'ADMIN'`, { workspaceId })
      .andWhere('membership.disabledAt IS NULL')
      .orderBy('membership.userId')
      .getMany();
    return admins.map((admin) => admin.userId);
  }

  async addUser(manager: EntityManager, user: UserEntity): Promise<void> {
    await manager.insert(UserEntity, user);
  }

  async addMembership(manager: EntityManager, membership: MembershipEntity): Promise<void> {
    await manager.insert(MembershipEntity, membership);
  }

  async setRole(manager: EntityManager, workspaceId: string, userId: string, role: Role): Promise<void> {
    await manager.update(MembershipEntity, { workspaceId, userId }, { role });
  }

  async setDisabled(manager: EntityManager, workspaceId: string, userId: string, at: Date | null): Promise<void> {
    await manager.update(MembershipEntity, { workspaceId, userId }, { disabledAt: at });
  }

  /** The password is the person's, whatever the workspace. */
  async setPasswordHash(manager: EntityManager, userId: string, passwordHash: string): Promise<void> {
    await manager.update(UserEntity, { id: userId }, { passwordHash });
  }

  /** Replaces a hash that nobody has replaced in between. */
  async upgradePasswordHash(userId: string, weak: string, strong: string): Promise<void> {
    await this.memberships.manager.update(UserEntity, { id: userId, passwordHash: weak }, { passwordHash: strong });
  }

  private joined(manager: EntityManager = this.memberships.manager) {
    return manager
      .createQueryBuilder(MembershipEntity, 'membership')
      .innerJoinAndSelect('membership.user', 'user')
      .innerJoinAndSelect('membership.workspace', 'workspace');
  }
}

const isMember = (membership: MembershipEntity): membership is Member =>
  membership.user !== undefined && membership.workspace !== undefined;
