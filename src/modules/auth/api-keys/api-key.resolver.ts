import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { type Page, PageArgs } from '../../../common/graphql/page.js';
import { CreateApiKeyInput, RotateApiKeyArgs } from '../dto/api-key.inputs.js';
import {
  ApiKeyConnection,
  apiKeyOf,
  apiKeyPageOf,
  ApiKeyType,
  createdApiKeyOf,
  CreatedApiKeyType,
} from '../dto/api-key.type.js';
import { ApiKeyService } from './api-key.service.js';

@Resolver(() => ApiKeyType)
export class ApiKeyResolver {
  constructor(private readonly keys: ApiKeyService) {}

  @RequirePermission('api-key:read')
  @Query(() => ApiKeyConnection, {
    name: 'apiKeys',
    description: 'The API keys of the workspace, newest first, those that no longer work included.',
  })
  async list(@Context() context: ActorContext, @Args() page: PageArgs): Promise<Page<ApiKeyType>> {
    return apiKeyPageOf(await this.keys.list(context, page));
  }

  @RequirePermission('api-key:manage')
  @Mutation(() => CreatedApiKeyType, { name: 'createApiKey', description: 'Makes an API key and shows it, once.' })
  async create(
    @Context() context: ActorContext,
    @Args('input', { description: 'The key to create.' }) input: CreateApiKeyInput,
  ): Promise<CreatedApiKeyType> {
    return createdApiKeyOf(await this.keys.create(context, input));
  }

  @RequirePermission('api-key:manage')
  @Mutation(() => CreatedApiKeyType, {
    name: 'rotateApiKey',
    description: 'Makes a successor with the same permissions. The old key works beside it for a while.',
  })
  async rotate(@Context() context: ActorContext, @Args() args: RotateApiKeyArgs): Promise<CreatedApiKeyType> {
    return createdApiKeyOf(await this.keys.rotate(context, args.id, args.overlapSeconds));
  }

  @RequirePermission('api-key:manage')
  @Mutation(() => ApiKeyType, { name: 'revokeApiKey', description: 'Ends an API key at once.' })
  async revoke(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the key.' }) id: string,
  ): Promise<ApiKeyType> {
    return apiKeyOf(await this.keys.revoke(context, id));
  }
}
