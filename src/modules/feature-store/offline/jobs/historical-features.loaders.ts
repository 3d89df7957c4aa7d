import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import { LoaderKind, type LoaderScope, loadFrom } from '../../../../common/graphql/loaders.js';
import { HistoricalFeaturesJobType } from './dto/historical-features-job.type.js';
import type { HistoricalFeaturesJob } from './historical-features-job.js';
import { HistoricalFeaturesJobRepository } from './historical-features-job.repository.js';

/** Jobs that are told with each thing that they used. */
const SHOWN = 20;

const kinds = {
  SNAPSHOT: new LoaderKind<HistoricalFeaturesJob[]>(),
  FEATURE_VIEW: new LoaderKind<HistoricalFeaturesJob[]>(),
};

/** What was made of snapshots and feature views, read for all rows of an operation at once. */
@Injectable()
export class HistoricalFeaturesLoaders {
  constructor(private readonly jobs: HistoricalFeaturesJobRepository) {}

  /** @param id of the snapshot, or of the version of the view. */
  async madeOf(
    scope: LoaderScope,
    { actor }: ActorContext,
    kind: keyof typeof kinds,
    id: string,
  ): Promise<HistoricalFeaturesJobType[]> {
    const made = await loadFrom(scope, kinds[kind], id, (ids) => this.jobs.madeOf(actor.workspaceId, kind, ids, SHOWN));
    return (made ?? []).map((job) => new HistoricalFeaturesJobType(job));
  }
}
