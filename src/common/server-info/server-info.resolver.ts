import { Inject } from '@nestjs/common';
import { Field, Int, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { Authenticated } from '../access/access.decorators.js';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { version } from './version.js';

@ObjectType({ description: 'What this server is and which limits it applies.' })
export class ServerInfo {
  @Field(() => String, { description: 'Always `nestor`.' })
  name!: string;

  @Field(() => String, { description: 'Version of Nestor.' })
  version!: string;

  @Field(() => Date, { description: 'When the process that answered was started.' })
  startedAt!: Date;

  @Field(() => String, { description: 'What carries queues and notifications: `redis` or `postgresql`.' })
  queueBackend!: string;

  @Field(() => Int, { description: 'Most rows of one page of a list.' })
  pageMaxSize!: number;

  @Field(() => Int, { description: 'Predictions that one api process works on at once.' })
  predictConcurrency!: number;

  @Field(() => Int, { description: 'Deadline of a prediction that names none, in milliseconds.' })
  predictTimeoutMs!: number;

  @Field(() => Int, { description: 'Most elements of one tensor given as JSON numbers; larger ones go as base64.' })
  jsonTensorMaxElements!: number;

  @Field(() => GraphQLJSONObject, {
    description: 'Limits of one GraphQL operation: depth, fields, aliases, root fields, tokens.',
  })
  operationLimits!: Record<string, number>;
}

@Resolver(() => ServerInfo)
export class ServerInfoResolver {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  @Authenticated()
  @Query(() => ServerInfo, { description: 'What this server is and which limits it applies.' })
  serverInfo(): ServerInfo {
    const { settings } = this;
    return {
      name: 'nestor',
      version,
      startedAt: new Date(Date.now() - process.uptime() * 1000),
      queueBackend: settings.REDIS_URL === undefined ? 'postgresql' : 'redis',
      pageMaxSize: settings.NESTOR_PAGE_MAX_SIZE,
      predictConcurrency: settings.NESTOR_PREDICT_CONCURRENCY,
      predictTimeoutMs: settings.NESTOR_PREDICT_TIMEOUT_MS,
      jsonTensorMaxElements: settings.NESTOR_JSON_TENSOR_MAX_ELEMENTS,
      operationLimits: {
        depth: settings.NESTOR_GRAPHQL_MAX_DEPTH,
        fields: settings.NESTOR_GRAPHQL_MAX_FIELDS,
        aliases: settings.NESTOR_GRAPHQL_MAX_ALIASES,
        rootFields: settings.NESTOR_GRAPHQL_MAX_ROOT_FIELDS,
        tokens: settings.NESTOR_GRAPHQL_MAX_TOKENS,
      },
    };
  }
}
