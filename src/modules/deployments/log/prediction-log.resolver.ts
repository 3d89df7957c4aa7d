import { Args, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { predictionCriteriaOf, PredictionLogArgs } from '../dto/prediction-log.inputs.js';
import { LoggedPredictionConnection, LoggedPredictionType } from '../dto/prediction-log.type.js';
import { PredictionLogService } from './prediction-log.service.js';

@Resolver(() => LoggedPredictionType)
export class PredictionLogResolver {
  constructor(private readonly log: PredictionLogService) {}

  @RequirePermission('inference:read')
  @Query(() => LoggedPredictionConnection, { description: 'Logged predictions of deployments, newest first.' })
  async predictionLog(
    @Context() context: ActorContext,
    @Args() { first, after, filter }: PredictionLogArgs,
  ): Promise<LoggedPredictionConnection> {
    const { edges, pageInfo } = await this.log.page(context, predictionCriteriaOf(filter), first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new LoggedPredictionType(node) })), pageInfo };
  }
}
