import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authenticated, Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { type Page, PageArgs } from '../../../common/graphql/page.js';
import { ChangePasswordInput, CreateUserInput, SetUserRoleInput } from '../dto/user.inputs.js';
import { UserConnection, userOf, userPageOf, UserType } from '../dto/user.type.js';
import { PasswordService } from './password.service.js';
import { UserService } from './user.service.js';

@Resolver(() => UserType)
export class UserResolver {
  constructor(
    private readonly users: UserService,
    private readonly passwords: PasswordService,
  ) {}

  @Authenticated()
  @Query(() => UserType, {
    description: 'The person behind the credentials: of an API key, the one who answers for it.',
  })
  async me(@Context() context: ActorContext): Promise<UserType> {
    return userOf(await this.users.me(context));
  }

  @RequirePermission('user:read')
  @Query(() => UserConnection, { name: 'users', description: 'The users of the workspace, disabled ones included.' })
  async list(@Context() context: ActorContext, @Args() page: PageArgs): Promise<Page<UserType>> {
    return userPageOf(await this.users.list(context, page));
  }

  @RequirePermission('user:manage')
  @Mutation(() => UserType, { name: 'createUser', description: 'Makes an account in this workspace.' })
  async create(
    @Context() context: ActorContext,
    @Args('input', { description: 'The user to create.' }) input: CreateUserInput,
  ): Promise<UserType> {
    return userOf(await this.users.create(context, input));
  }

  @RequirePermission('user:manage')
  @Mutation(() => UserType, {
    name: 'setUserRole',
    description: 'Gives a user another role, at once. The last active administrator keeps theirs.',
  })
  async setRole(
    @Context() context: ActorContext,
    @Args('input', { description: 'The user and the role.' }) input: SetUserRoleInput,
  ): Promise<UserType> {
    return userOf(await this.users.setRole(context, input.id, input.role));
  }

  @RequirePermission('user:manage')
  @Mutation(() => UserType, {
    name: 'disableUser',
    description: 'Keeps a user from signing in to this workspace and ends their sessions.',
  })
  async disable(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the user.' }) id: string,
    @Args('revokeApiKeys', {
      type: () => Boolean,
      defaultValue: false,
      description: 'Whether to revoke the API keys that they answer for, too. Programs may depend on them.',
    })
    revokeApiKeys: boolean,
  ): Promise<UserType> {
    return userOf(await this.users.disable(context, id, revokeApiKeys));
  }

  @RequirePermission('user:manage')
  @Mutation(() => UserType, { name: 'enableUser', description: 'Lets a disabled user sign in again.' })
  async enable(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the user.' }) id: string,
  ): Promise<UserType> {
    return userOf(await this.users.enable(context, id));
  }

  @Authenticated()
  @Mutation(() => Boolean, { description: 'Changes one’s own password and ends all one’s other sessions.' })
  async changePassword(
    @Context() context: ActorContext,
    @Args('input', { description: 'The old and the new password.' }) input: ChangePasswordInput,
  ): Promise<boolean> {
    await this.passwords.change(context, input.currentPassword, input.newPassword);
    return true;
  }
}
