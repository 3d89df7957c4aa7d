import { Args, ID, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { CollectionUpdates } from './collection-updates.js';
import { DataCollectionService } from './data-collection.service.js';
import {
  CancelDataCollectionInput,
  CollectDataSourceInput,
  DataCollectionConnection,
  DataCollectionType,
} from './dto/data-collection.type.js';
import type { DataCollectionEntity } from './entities/data-collection.entity.js';

@Resolver(() => DataCollectionType)
export class DataCollectionResolver {
  constructor(
    private readonly service: DataCollectionService,
    private readonly updates: CollectionUpdates,
  ) {}

  @RequirePermission('data:collect')
  @Mutation(() => DataCollectionType, {
    description:
      'Queues the collection of a file, or of what a source fetches by itself. It is recorded when this answers, and will end. One at a time runs of each source.',
  })
  async collectDataSource(
    @Context() context: ActorContext,
    @Args('input', { description: 'The source, and its file.' }) input: CollectDataSourceInput,
  ): Promise<DataCollectionType> {
    return new DataCollectionType(await this.service.collect(context, input.source, input.artifact ?? null));
  }

  @RequirePermission('data:collect')
  @Mutation(() => DataCollectionType, {
    description:
      'Gives up a collection that has not ended. None of its rows become visible; a worker that reads hears of it within seconds.',
  })
  async cancelDataCollection(
    @Context() context: ActorContext,
    @Args('input', { description: 'The collection.' }) input: CancelDataCollectionInput,
  ): Promise<DataCollectionType> {
    return new DataCollectionType(await this.service.cancel(context, input.id));
  }

  @RequirePermission('data:read')
  @Query(() => DataCollectionType, {
    nullable: true,
    description: 'A collection; null where there is none of this id.',
  })
  async dataCollection(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the collection.' }) id: string,
  ): Promise<DataCollectionType | null> {
    const run = await this.service.find(context, id);
    return run && new DataCollectionType(run);
  }

  @RequirePermission('data:read')
  @Query(() => DataCollectionConnection, { description: 'The collections of a data source, newest first.' })
  async dataCollections(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
    @Args() { first, after }: PageArgs,
  ): Promise<DataCollectionConnection> {
    const { edges, pageInfo } = await this.service.page(context, source, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new DataCollectionType(node) })), pageInfo };
  }
  @RequirePermission('data:read')
  @Subscription(() => DataCollectionType, {
    description: 'The collection as it is now, and as it goes on, until it has ended.',
    resolve: (record: DataCollectionEntity) => new DataCollectionType(record),
  })
  dataCollectionUpdated(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the collection.' }) id: string,
  ): AsyncIterableIterator<DataCollectionEntity, undefined> {
    return this.updates.watch(context, id);
  }
}
