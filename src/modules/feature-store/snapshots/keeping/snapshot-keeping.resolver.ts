import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../../common/access/actor.js';
import { DataSnapshotType } from '../dto/data-snapshot.type.js';
import {
  DataRetentionType,
  DataSnapshotUseType,
  RestoreDataSnapshotInput,
  SetDataRetentionInput,
  TagDataSnapshotInput,
  UntagDataSnapshotInput,
} from './dto/snapshot-keeping.type.js';
import { SnapshotKeepingLoaders } from './snapshot-keeping.loaders.js';
import { SnapshotKeepingService } from './snapshot-keeping.service.js';
import { Loaders, type LoaderScope } from '../../../../common/graphql/loaders.js';
import type { SnapshotUse } from './snapshot-keeping.repository.js';

@Resolver(() => DataSnapshotType)
export class SnapshotKeepingResolver {
  constructor(
    private readonly service: SnapshotKeepingService,
    private readonly loaders: SnapshotKeepingLoaders,
  ) {}

  @RequirePermission('data:read')
  @ResolveField(() => [String], { description: 'Names of the snapshot.' })
  async tags(@Parent() { id }: DataSnapshotType, @Loaders() scope: LoaderScope): Promise<readonly string[]> {
    return this.loaders.tagsOf(scope, id);
  }

  @RequirePermission('data:read')
  @ResolveField(() => [DataSnapshotUseType], { description: 'What was made of it.' })
  async usedBy(@Parent() { id }: DataSnapshotType, @Loaders() scope: LoaderScope): Promise<readonly SnapshotUse[]> {
    return this.loaders.usesOf(scope, id);
  }

  @RequirePermission('data:read')
  @Query(() => DataRetentionType, { description: 'Which snapshots of a data source are kept.' })
  async dataRetention(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
  ): Promise<DataRetentionType> {
    return new DataRetentionType(await this.service.retention(context, source));
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataRetentionType, { description: 'Says which snapshots of a data source are kept from now on.' })
  async setDataRetention(
    @Context() context: ActorContext,
    @Args('input', { description: 'The source, and what is kept.' }) input: SetDataRetentionInput,
  ): Promise<DataRetentionType> {
    const retention = { keepVersions: input.keepVersions ?? null, keepDays: input.keepDays ?? null };
    return new DataRetentionType(await this.service.retain(context, input.source, retention));
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataSnapshotType, { description: 'Gives a snapshot a name. What has a name is kept.' })
  async tagDataSnapshot(
    @Context() context: ActorContext,
    @Args('input', { description: 'The snapshot and the name.' }) input: TagDataSnapshotInput,
  ): Promise<DataSnapshotType> {
    return new DataSnapshotType(await this.service.tag(context, input.source, input.version, input.tag));
  }

  @RequirePermission('data:manage')
  @Mutation(() => Boolean, { description: 'Takes a name from the snapshot that has it.' })
  async untagDataSnapshot(
    @Context() context: ActorContext,
    @Args('input', { description: 'The source and the name.' }) input: UntagDataSnapshotInput,
  ): Promise<boolean> {
    await this.service.untag(context, input.source, input.tag);
    return true;
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataSnapshotType, {
    description:
      'Makes a new version of a data source with the rows of an older one. Later batches add to, or replace it.',
  })
  async restoreDataSnapshot(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version.' }) input: RestoreDataSnapshotInput,
  ): Promise<DataSnapshotType> {
    return new DataSnapshotType(await this.service.restore(context, input.source, input.version));
  }
}
