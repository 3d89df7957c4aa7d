import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { DataEngines } from '../engine/data-engines.js';
import type { FeatureMaterializationEntity } from '../materialization/entities/feature-materialization.entity.js';
import { FeatureViewRows } from '../offline/feature-view-rows.js';
import { OnlineStore } from '../online/online-store.js';
import { onlineViewOf } from '../online/online-view.rules.js';
import type { ParityReport } from './parity-report.js';
import { parityCount, parityOf } from './parity.rules.js';
import { ParityRepository } from './parity.repository.js';
import { paritySamples } from './parity-samples.js';

/** Compares what is online with what the offline path says. */
@Injectable()
export class ParityChecker {
  constructor(
    @Inject(SETTINGS)
    private readonly settings: Pick<Settings, 'NESTOR_DATA_STATEMENT_TIMEOUT_MS' | 'NESTOR_DATA_PARITY_SAMPLES'>,
    private readonly parity: ParityRepository,
    private readonly views: FeatureViewRepository,
    private readonly engines: DataEngines,
    private readonly rows: FeatureViewRows,
    private readonly store: OnlineStore,
  ) {}

  /**
   * @param signal gives it up.
   * @returns null where it cannot be told: another materialization came meanwhile, and so may have other rows.
   * @throws {CodedError} those of `FeatureViewRows.lay` and of the online store.
   */
  async check(viewId: string, signal: AbortSignal): Promise<ParityReport | null> {
    const run = await this.parity.lastMaterialization(viewId);
    if (run?.status !== 'SUCCEEDED') return null;
    const view = await this.views.findVersion(run.workspaceId, run.viewVersionId);
    if (view === null) throw new Error(`Version ${run.viewVersionId} of a feature view is not there.`);
    const report = await this.compare(view, run, signal);
    const now = await this.parity.lastMaterialization(viewId);
    return now?.id === run.id ? report : null;
  }

  private async compare(
    view: FeatureViewVersion,
    { id, snapshots, fromTime: from, toTime: to }: FeatureMaterializationEntity,
    signal: AbortSignal,
  ): Promise<ParityReport> {
    const control = { signal, timeoutMs: this.settings.NESTOR_DATA_STATEMENT_TIMEOUT_MS };
    const read = snapshots ?? [];
    const versions = new Map(read.map(({ sourceId, version }) => [sourceId, version]));
    const now = Date.now();
    const samples = await this.engines.use(async (workbench) => {
      const { relation } = await this.rows.lay(workbench, view, { control, snapshots: versions });
      const materialized = { relation, from, to };
      return paritySamples(
        workbench.engine,
        view,
        materialized,
        this.settings.NESTOR_DATA_PARITY_SAMPLES,
        now,
        control,
      );
    });
    const features = view.features.map(({ name }) => name);
    const wanted = { view: onlineViewOf(view), features, entities: samples.map(({ entity }) => entity) };
    const readAt = Date.now();
    const [online = []] = await this.store.read([wanted], readAt);
    const verdicts = samples.flatMap(({ row }, at) => {
      const found = online[at];
      return found === undefined ? [] : [parityOf(view.features, view.ttlMs, row, found, readAt)];
    });
    return { ...parityCount(verdicts), version: view.version, materializationId: id, snapshots: read };
  }
}
