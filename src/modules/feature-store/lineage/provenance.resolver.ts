import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { DataCollectionType } from '../ingestion/dto/data-collection.type.js';
import { UsedSnapshotType } from '../offline/jobs/dto/used-snapshot.type.js';
import { DataSnapshotType } from '../snapshots/dto/data-snapshot.type.js';
import { LineageLoaders } from './lineage.loaders.js';

/** From what something was made of to the snapshot itself. */
@Resolver(() => UsedSnapshotType)
export class UsedSnapshotResolver {
  constructor(private readonly loaders: LineageLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => DataSnapshotType, {
    nullable: true,
    description: 'The snapshot. Null where it is not kept any more, as nothing came of what it was used for.',
  })
  async dataSnapshot(
    @Parent() { source, sourceId, version }: UsedSnapshotType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<DataSnapshotType | null> {
    const snapshot = await this.loaders.snapshotOf(scope, context, sourceId, version);
    return snapshot === undefined ? null : new DataSnapshotType({ source, snapshot });
  }
}

/** From a snapshot to the collection that brought it. */
@Resolver(() => DataSnapshotType)
export class SnapshotOriginResolver {
  constructor(private readonly loaders: LineageLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => DataCollectionType, {
    nullable: true,
    description: 'The collection that brought it; of a restored version, the one that brought its rows.',
  })
  async collection(
    @Parent() { collectionId }: DataSnapshotType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<DataCollectionType | null> {
    const collection = await this.loaders.collectionOf(scope, context, collectionId);
    return collection === undefined ? null : new DataCollectionType(collection);
  }
}
