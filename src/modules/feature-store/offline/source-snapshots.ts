import { Injectable } from '@nestjs/common';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion, SnapshotReference } from '../definitions/feature-view.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import { DataSnapshotRepository } from '../snapshots/data-snapshot.repository.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';

/** A snapshot of a source with this name. */
export interface NamedSnapshot extends SnapshotReference {
  readonly source: string;
}

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
  async chainOf(workspaceId: string, sourceId: string, version?: number): Promise<NamedSnapshot[]> {
    const source = await this.sources.findById(workspaceId, sourceId);
    if (source === null) throw new CodedError('NOT_FOUND', 'The data source of a feature view is not there.');
    const wanted = version ?? source.snapshotVersion;
    if (wanted === 0) {
      throw new CodedError('CONFLICT', `The data source ${source.name} has no data yet. Collect it first.`);
    }
    const chain = await this.snapshots.chain(sourceId, wanted);
    if (chain.length > 0)
      return chain.map((snapshot) => ({ sourceId, source: source.name, version: snapshot.version }));
    throw new CodedError('NOT_FOUND', `The data source ${source.name} has no snapshot ${wanted}.`);
  }

  /**
   * The newest snapshot of each source whose rows views have, at the bottom of their upstream views.
   * @throws {CodedError} CONFLICT where a source has no data yet.
   */
  async newestOf(views: readonly FeatureViewVersion[]): Promise<NamedSnapshot[]> {
    const newest = new Map<string, NamedSnapshot>();
    for (const view of views) {
      const sourceId = await this.sourceOf(view);
      if (sourceId === null || newest.has(sourceId)) continue;
      const snapshot = (await this.chainOf(view.workspaceId, sourceId)).at(-1);
      if (snapshot !== undefined) newest.set(sourceId, snapshot);
    }
    return [...newest.values()];
  }

  private async sourceOf(view: FeatureViewVersion): Promise<string | null> {
    if (view.source.kind !== 'FEATURE_VIEW') return view.source.kind === 'DATA_SOURCE' ? view.source.sourceId : null;
    const upstream = await this.views.findVersion(view.workspaceId, view.source.versionId);
    if (upstream === null) throw new Error(`Version ${view.source.versionId} of a feature view is not there.`);
    return this.sourceOf(upstream);
  }
}
