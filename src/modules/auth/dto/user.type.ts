import { Field, ID, ObjectType } from '@nestjs/graphql';
import { type Permission, permissionsOfRole, type Role } from '../../../common/access/permissions.js';
import { connectionOf } from '../../../common/graphql/connection.js';
import type { Page } from '../../../common/graphql/page.js';
import type { Member } from '../users/member.repository.js';
import { PermissionEnum, RoleEnum } from './access.enums.js';

@ObjectType('Workspace', { description: 'A tenant of this installation: everything else belongs to one.' })
export class WorkspaceType {
  @Field(() => ID, { description: 'Id of the workspace.' })
  id!: string;

  @Field(() => String, { description: 'Name for people.' })
  name!: string;

  @Field(() => String, { description: 'Name to sign in with: lower-case letters, digits and hyphens.' })
  slug!: string;
}

@ObjectType('User', { description: 'A person, as a member of this workspace.' })
export class UserType {
  @Field(() => ID, { description: 'Id of the person.' })
  id!: string;

  @Field(() => String, { description: 'E-mail to sign in with, in lower case.' })
  email!: string;

  @Field(() => String, { description: 'Name for people.' })
  displayName!: string;

  @Field(() => RoleEnum, { description: 'Role in this workspace.' })
  role!: Role;

  @Field(() => [PermissionEnum], { description: 'What the role allows.' })
  permissions!: readonly Permission[];

  @Field(() => WorkspaceType, { description: 'The workspace that this membership is of.' })
  workspace!: WorkspaceType;

  @Field(() => Date, { nullable: true, description: 'Since when the person may not sign in; null when they may.' })
  disabledAt!: Date | null;

  @Field(() => Date, { description: 'When the person became a member.' })
  createdAt!: Date;
}

@ObjectType('UserConnection', { description: 'One page of the users of a workspace, in the order of their e-mails.' })
export class UserConnection extends connectionOf(UserType, 'User') {}

export function userOf({ user, workspace, role, disabledAt, createdAt }: Member): UserType {
  return {
    id: user.id,
    email: user.email,
    displayName: user.displayName,
    role,
    permissions: permissionsOfRole[role],
    workspace: { id: workspace.id, name: workspace.name, slug: workspace.slug },
    disabledAt,
    createdAt,
  };
}

export const userPageOf = ({ edges, pageInfo }: Page<Member>): Page<UserType> => ({
  edges: edges.map(({ cursor, node }) => ({ cursor, node: userOf(node) })),
  pageInfo,
});
