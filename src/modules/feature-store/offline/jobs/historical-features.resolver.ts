import { Args, ID, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../../common/access/actor.js';
import { PageArgs } from '../../../../common/graphql/page.js';
import { HistoricalFeaturesFilter, HistoricalFeaturesInput } from './dto/historical-features.inputs.js';
import { HistoricalFeaturesJobConnection, HistoricalFeaturesJobType } from './dto/historical-features-job.type.js';
import { orderOf } from './historical-features-input.rules.js';
import type { HistoricalFeaturesJob } from './historical-features-job.js';
import { HistoricalFeaturesUpdates } from './historical-features-updates.js';
import { HistoricalFeaturesService } from './historical-features.service.js';

@Resolver(() => HistoricalFeaturesJobType)
export class HistoricalFeaturesResolver {
  constructor(
    private readonly service: HistoricalFeaturesService,
    private readonly updates: HistoricalFeaturesUpdates,
  ) {}

  @RequirePermission('data:read')
  @Mutation(() => HistoricalFeaturesJobType, {
    description:
      'Queues a job that joins features to rows point in time. It is recorded when this answers, and will end. The versions ' +
      'of views and snapshots are those of now, so that the same request over the same data makes the same file.',
  })
  async requestHistoricalFeatures(
    @Context() context: ActorContext,
    @Args('input', { description: 'The features and the rows.' }) input: HistoricalFeaturesInput,
  ): Promise<HistoricalFeaturesJobType> {
    return new HistoricalFeaturesJobType(await this.service.request(context, orderOf(input)));
  }

  @RequirePermission('data:read')
  @Mutation(() => HistoricalFeaturesJobType, {
    description: 'Cancels a job that has not ended. Cancelling twice is fine.',
  })
  async cancelHistoricalFeatures(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the job.' }) id: string,
  ): Promise<HistoricalFeaturesJobType> {
    return new HistoricalFeaturesJobType(await this.service.cancel(context, id));
  }

  @RequirePermission('data:read')
  @Query(() => HistoricalFeaturesJobType, {
    nullable: true,
    description: 'A job that gets historical features; null where there is none of this id.',
  })
  async historicalFeatures(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the job.' }) id: string,
  ): Promise<HistoricalFeaturesJobType | null> {
    const job = await this.service.find(context, id);
    return job && new HistoricalFeaturesJobType(job);
  }

  @RequirePermission('data:read')
  @Query(() => HistoricalFeaturesJobConnection, {
    description: 'The jobs of this workspace that get historical features, newest first.',
  })
  async historicalFeaturesJobs(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
    @Args('filter', {
      type: () => HistoricalFeaturesFilter,
      nullable: true,
      description: 'Which to list. Default: all.',
    })
    filter?: HistoricalFeaturesFilter,
  ): Promise<HistoricalFeaturesJobConnection> {
    const { edges, pageInfo } = await this.service.page(context, filter ?? {}, first, after);
    return {
      edges: edges.map(({ cursor, node }) => ({ cursor, node: new HistoricalFeaturesJobType(node) })),
      pageInfo,
    };
  }
  @RequirePermission('data:read')
  @Subscription(() => HistoricalFeaturesJobType, {
    description: 'The job as it is now, and as it goes on, until it has ended.',
    resolve: (record: HistoricalFeaturesJob) => new HistoricalFeaturesJobType(record),
  })
  historicalFeaturesUpdated(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the job.' }) id: string,
  ): AsyncIterableIterator<HistoricalFeaturesJob, undefined> {
    return this.updates.watch(context, id);
  }
}
