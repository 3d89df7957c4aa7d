import { Injectable } from '@nestjs/common';
import { LoaderKind, type LoaderScope, loadFrom } from '../../../../common/graphql/loaders.js';
import { SnapshotKeepingRepository, type SnapshotUse } from './snapshot-keeping.repository.js';

const tags = new LoaderKind<string[]>();
const uses = new LoaderKind<SnapshotUse[]>();

/** What belongs to snapshots, read for all of an operation at once. */
@Injectable()
export class SnapshotKeepingLoaders {
  constructor(private readonly keeping: SnapshotKeepingRepository) {}

  async tagsOf(scope: LoaderScope, snapshotId: string): Promise<readonly string[]> {
    return (await loadFrom(scope, tags, snapshotId, (ids) => this.keeping.tagsOf(ids))) ?? [];
  }

  async usesOf(scope: LoaderScope, snapshotId: string): Promise<readonly SnapshotUse[]> {
    return (await loadFrom(scope, uses, snapshotId, (ids) => this.keeping.usesOf(ids))) ?? [];
  }
}
