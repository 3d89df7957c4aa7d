import { Injectable } from '@nestjs/common';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion, SnapshotReference } from '../definitions/feature-view.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import { DataSnapshotRepository } from '../snapshots/data-snapshot.repository.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';

/** Tells which snapshots the rows of feature views come from. */
@Injectable()
export class SourceSnapshots {
  constructor(
    private readonly views: FeatureViewRepository,
    private readonly sources: DataSourceRepository,
    private readonly snapshots: DataSnapshotRepository,
  ) {}

  /**
   * A version of a source and those that it adds to, the oldest first.
   * @param version the newest, unless told.
   * @throws {CodedError} CONFLICT where the source has no data yet; NOT_FOUND.
   */
  async chainOf(workspaceId: string, sourceId: string, version?: number): Promise<SnapshotReference[]> {
    const source = await this.sources.findById(workspaceId, sourceId);
    if (source === null) throw new CodedError('NOT_FOUND', 'The data source of a feature view is not there.');
    const wanted = version ?? source.snapshotVersion;
    if (wanted === 0) {
      throw new CodedError('CONFLICT', `The data source ${source.name} has no data yet. Collect it first.`);
    }
    const chain = await this.snapshots.chain(sourceId, wanted);
    if (chain.length > 0) return chain.map((snapshot) => ({ sourceId, version: snapshot.version }));
    throw new CodedError('NOT_FOUND', `The data source ${source.name} has no snapshot ${wanted}.`);
  }

  /** The sources of the rows of views, each once, at the bottom of their upstream views. */
  async sourcesOf(views: readonly FeatureViewVersion[]): Promise<string[]> {
    const ids = new Set<string>();
    for (const view of views) {
      let current = view;
      while (current.source.kind === 'FEATURE_VIEW') {
        const upstream = await this.views.findVersion(view.workspaceId, current.source.versionId);
        if (upstream === null) throw new Error(`Version ${current.source.versionId} of a feature view is not there.`);
        current = upstream;
      }
      if (current.source.kind === 'DATA_SOURCE') ids.add(current.source.sourceId);
    }
    return [...ids];
  }
}
