import { Args, Int, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { DataSnapshotService } from './data-snapshot.service.js';
import { DataSnapshotConnection, DataSnapshotDiffType, DataSnapshotType } from './dto/data-snapshot.type.js';

@Resolver(() => DataSnapshotType)
export class DataSnapshotResolver {
  constructor(private readonly service: DataSnapshotService) {}

  @RequirePermission('data:read')
  @Query(() => DataSnapshotConnection, { description: 'The snapshots of a data source, newest first.' })
  async dataSnapshots(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
    @Args() { first, after }: PageArgs,
  ): Promise<DataSnapshotConnection> {
    const { edges, pageInfo } = await this.service.page(context, source, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new DataSnapshotType(node) })), pageInfo };
  }

  @RequirePermission('data:read')
  @Query(() => DataSnapshotType, {
    nullable: true,
    description: 'A snapshot of a data source; null when there is none.',
  })
  async dataSnapshot(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
    @Args('version', { type: () => Int, nullable: true, description: 'Number of the version. Default: the newest.' })
    version: number | null,
  ): Promise<DataSnapshotType | null> {
    const snapshot = await this.service.find(context, source, version ?? undefined);
    return snapshot && new DataSnapshotType(snapshot);
  }

  @RequirePermission('data:read')
  @Query(() => DataSnapshotDiffType, { description: 'How two snapshots of a data source differ.' })
  async dataSnapshotDiff(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
    @Args('from', { type: () => Int, description: 'Number of the version to compare.' }) from: number,
    @Args('to', { type: () => Int, description: 'Number of the version to compare it with.' }) to: number,
  ): Promise<DataSnapshotDiffType> {
    return new DataSnapshotDiffType(await this.service.diff(context, source, from, to));
  }
}
