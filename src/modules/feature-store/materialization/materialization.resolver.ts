import { Args, ID, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { PageArgs } from '../../../common/graphql/page.js';
import {
  CancelFeatureMaterializationInput,
  MaterializeFeatureViewIncrementalInput,
  MaterializeFeatureViewInput,
} from './dto/materialization.inputs.js';
import { FeatureMaterializationConnection, FeatureMaterializationType } from './dto/materialization.type.js';
import type { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';
import { MaterializationUpdates } from './materialization-updates.js';
import { MaterializationService } from './materialization.service.js';

@Resolver(() => FeatureMaterializationType)
export class MaterializationResolver {
  constructor(
    private readonly service: MaterializationService,
    private readonly updates: MaterializationUpdates,
  ) {}

  @RequirePermission('data:collect')
  @Mutation(() => FeatureMaterializationType, {
    description:
      'Queues bringing rows of a feature view online: of each entity its newest in an interval, unless a newer one is ' +
      'there. It is recorded when this answers, and will end. One at a time runs of each view.',
  })
  async materializeFeatureView(
    @Context() context: ActorContext,
    @Args('input', { description: 'The view and the interval.' }) input: MaterializeFeatureViewInput,
  ): Promise<FeatureMaterializationType> {
    const { view, version, from, to } = input;
    const request = { kind: 'FULL', view, version: version ?? undefined, from: from ?? undefined } as const;
    return new FeatureMaterializationType(await this.service.materialize(context, { ...request, to: to ?? undefined }));
  }

  @RequirePermission('data:collect')
  @Mutation(() => FeatureMaterializationType, {
    description:
      'As `materializeFeatureView`, for the rows since the greatest event time that was brought before: that of the ' +
      'newest version is remembered. The first time brings all.',
  })
  async materializeFeatureViewIncremental(
    @Context() context: ActorContext,
    @Args('input', { description: 'The view and the end.' }) { view, to }: MaterializeFeatureViewIncrementalInput,
  ): Promise<FeatureMaterializationType> {
    const request = { kind: 'INCREMENTAL', view, to: to ?? undefined } as const;
    return new FeatureMaterializationType(await this.service.materialize(context, request));
  }

  @RequirePermission('data:collect')
  @Mutation(() => FeatureMaterializationType, {
    description: 'Ends a materialization. What is online by then stays.',
  })
  async cancelFeatureMaterialization(
    @Context() context: ActorContext,
    @Args('input', { description: 'The materialization.' }) { id }: CancelFeatureMaterializationInput,
  ): Promise<FeatureMaterializationType> {
    return new FeatureMaterializationType(await this.service.cancel(context, id));
  }

  @RequirePermission('data:read')
  @Query(() => FeatureMaterializationType, {
    nullable: true,
    description: 'A materialization; null where there is none of this id.',
  })
  async featureMaterialization(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the materialization.' }) id: string,
  ): Promise<FeatureMaterializationType | null> {
    const run = await this.service.find(context, id);
    return run && new FeatureMaterializationType(run);
  }

  @RequirePermission('data:read')
  @Query(() => FeatureMaterializationConnection, {
    description: 'The materializations of all versions of a feature view, newest first.',
  })
  async featureMaterializations(
    @Context() context: ActorContext,
    @Args('view', { type: () => String, description: 'Name of the view.' }) view: string,
    @Args() { first, after }: PageArgs,
  ): Promise<FeatureMaterializationConnection> {
    const { edges, pageInfo } = await this.service.page(context, view, first, after);
    return {
      edges: edges.map(({ cursor, node }) => ({ cursor, node: new FeatureMaterializationType(node) })),
      pageInfo,
    };
  }
  @RequirePermission('data:read')
  @Subscription(() => FeatureMaterializationType, {
    description: 'The materialization as it is now, and as it goes on, until it has ended.',
    resolve: (record: FeatureMaterializationEntity) => new FeatureMaterializationType(record),
  })
  featureMaterializationUpdated(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the materialization.' }) id: string,
  ): AsyncIterableIterator<FeatureMaterializationEntity, undefined> {
    return this.updates.watch(context, id);
  }
}
