import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { ModelVersionType } from '../../registry/dto/model-version.type.js';
import { RegistryLoaders } from '../../registry/registry.loaders.js';
import { predictionCriteriaOf, PredictionLogArgs } from '../dto/prediction-log.inputs.js';
import { LoggedPredictionConnection, LoggedPredictionType } from '../dto/prediction-log.type.js';
import { PredictionLogService } from './prediction-log.service.js';

@Resolver(() => LoggedPredictionType)
export class PredictionLogResolver {
  constructor(
    private readonly log: PredictionLogService,
    private readonly registry: RegistryLoaders,
  ) {}

  @RequirePermission('inference:read')
  @Query(() => LoggedPredictionConnection, { description: 'Logged predictions of deployments, newest first.' })
  async predictionLog(
    @Context() context: ActorContext,
    @Args() { first, after, filter }: PredictionLogArgs,
  ): Promise<LoggedPredictionConnection> {
    const { edges, pageInfo } = await this.log.page(context, predictionCriteriaOf(filter), first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new LoggedPredictionType(node) })), pageInfo };
  }

  @RequirePermission('model:read')
  @ResolveField(() => ModelVersionType, { nullable: true, description: 'The version of the model that predicted.' })
  async modelVersion(
    @Parent() { model, version }: LoggedPredictionType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelVersionType | null> {
    const found = await this.registry.versionNamed(scope, context, model, version);
    return found === undefined ? null : new ModelVersionType(found);
  }
}
