import { Field, ID, ObjectType } from '@nestjs/graphql';
import type { Permission } from '../../../common/access/permissions.js';
import { connectionOf } from '../../../common/graphql/connection.js';
import type { Page } from '../../../common/graphql/page.js';
import { validUntil } from '../api-keys/api-key.rules.js';
import type { MadeApiKey } from '../api-keys/api-key.service.js';
import type { ApiKeyEntity } from '../entities/api-key.entity.js';
import { PermissionEnum } from './access.enums.js';

@ObjectType('ApiKey', { description: 'A credential of a program. The key itself is shown once, when it is made.' })
export class ApiKeyType {
  @Field(() => ID, { description: 'Id of the key; not the key itself.' })
  id!: string;

  @Field(() => String, { description: 'Name for people.' })
  name!: string;

  @Field(() => String, { description: 'How the key begins, to recognise it by.' })
  prefix!: string;

  @Field(() => [PermissionEnum], { description: 'What the key may do.' })
  permissions!: readonly Permission[];

  @Field(() => Boolean, { description: 'Whether the key works now.' })
  active!: boolean;

  @Field(() => ID, { description: 'Id of the user who answers for the key.' })
  createdBy!: string;

  @Field(() => Date, { nullable: true, description: 'When the key stops working by itself; null for never.' })
  expiresAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When the key was revoked.' })
  revokedAt!: Date | null;

  @Field(() => ID, { nullable: true, description: 'Id of the key that this one replaced.' })
  rotatedFromId!: string | null;

  @Field(() => Date, {
    nullable: true,
    description: 'Set when the key was rotated: until then it works beside its successor.',
  })
  graceEndsAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When the key was used last, accurate to about a minute.' })
  lastUsedAt!: Date | null;

  @Field(() => Date, { description: 'When the key was made.' })
  createdAt!: Date;
}

@ObjectType('ApiKeyConnection', { description: 'One page of the API keys of a workspace, newest first.' })
export class ApiKeyConnection extends connectionOf(ApiKeyType, 'ApiKey') {}

@ObjectType('CreatedApiKey', { description: 'An API key that was just made.' })
export class CreatedApiKeyType {
  @Field(() => ApiKeyType, { description: 'What is kept of the key.' })
  apiKey!: ApiKeyType;

  @Field(() => String, { description: 'The key. This is the only time it is shown.' })
  key!: string;
}

export function apiKeyOf(key: ApiKeyEntity): ApiKeyType {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    permissions: key.permissions,
    active: validUntil(key) > Date.now(),
    createdBy: key.createdBy,
    expiresAt: key.expiresAt,
    revokedAt: key.revokedAt,
    rotatedFromId: key.rotatedFromId,
    graceEndsAt: key.graceEndsAt,
    lastUsedAt: key.lastUsedAt,
    createdAt: key.createdAt,
  };
}

export const createdApiKeyOf = ({ apiKey, key }: MadeApiKey): CreatedApiKeyType => ({ apiKey: apiKeyOf(apiKey), key });

export const apiKeyPageOf = ({ edges, pageInfo }: Page<ApiKeyEntity>): Page<ApiKeyType> => ({
  edges: edges.map(({ cursor, node }) => ({ cursor, node: apiKeyOf(node) })),
  pageInfo,
});
