import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import { DataEngines, type Workbench } from '../engine/data-engines.js';
import { FeatureViewRows, type LaidRows } from '../offline/feature-view-rows.js';
import { OnlineStore } from '../online/online-store.js';
import { EntityHistories } from '../push/entity-histories.js';
import { historicView } from '../push/historic-view.rules.js';
import { type EntityBatch, historyBatches, newestRowBatches } from './entity-batches.js';
import { keyFromCursor, MaterializationTally } from './materialization-tally.js';
import type { ClaimedMaterialization } from './materialization-leases.js';
import { MaterializationRunRepository } from './materialization-run.repository.js';
import { MaterializationRepository } from './materialization.repository.js';
import { newestRows, rowsOfEntities, type RowsWanted } from './newest-rows.rules.js';

/** How often it is recorded how far a materialization has come, in milliseconds. */
const RECORD_EVERY_MS = 500;

/** Brings rows of feature views online. Doing it twice changes nothing: what is newer stays. */
@Injectable()
export class Materializer {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly views: FeatureViewRepository,
    private readonly materializations: MaterializationRepository,
    private readonly runs: MaterializationRunRepository,
    private readonly engines: DataEngines,
    private readonly rows: FeatureViewRows,
    private readonly store: OnlineStore,
    private readonly histories: EntityHistories,
  ) {}

  /**
   * @param signal gives it up.
   * @throws {CodedError} those of `FeatureViewRows.lay` and of the online store; CANCELLED.
   */
  async run(run: ClaimedMaterialization, signal: AbortSignal): Promise<void> {
    const view = await this.views.findVersion(run.workspaceId, run.viewVersionId);
    if (view === null) throw new Error(`Version ${run.viewVersionId} of a feature view is not there.`);
    await this.engines.use((workbench) => this.materialize(workbench, run, view, signal));
  }

  private async materialize(
    workbench: Workbench,
    run: ClaimedMaterialization,
    view: FeatureViewVersion,
    signal: AbortSignal,
  ): Promise<void> {
    const control = { signal, timeoutMs: this.settings.NESTOR_DATA_STATEMENT_TIMEOUT_MS };
    // Another attempt reads what the first one read: what is before its cursor would be of older rows otherwise.
    const snapshots = new Map(run.snapshots?.map(({ sourceId, version }) => [sourceId, version]));
    const laid = await this.rows.layWithInputs(workbench, view, { control, snapshots });
    const until = await this.materializations.materializedUntil(view.id);
    const from = run.kind === 'INCREMENTAL' && run.snapshots === null ? until : run.fromTime;
    await this.runs.begin(run, from, laid.lineage);
    const wanted = { from, to: run.toTime, after: keyFromCursor(view, run.entityCursor) };
    const tally = new MaterializationTally(view, run);
    await this.bring(await this.batches(workbench, view, laid, wanted, signal), run, tally);
    // Where rows before the interval are not online, the next incremental one has to bring them.
    const isGapless = from === null || (until !== null && from <= until);
    await this.runs.succeed(run, isGapless ? tally.made.newestEvent : null);
  }

  private async batches(
    { engine }: Workbench,
    view: FeatureViewVersion,
    { relation, inputs }: LaidRows & { readonly inputs: string },
    wanted: RowsWanted,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<EntityBatch>> {
    // What it learned just now is not in the version at hand.
    const learned = (await this.views.findVersion(view.workspaceId, view.id)) ?? view;
    const historic = historicView(learned);
    // Without a time limit: the statement takes as long as its rows are being written.
    const rowsOf = ({ sql, parameters }: ReturnType<typeof newestRows>) => engine.batches(sql, parameters, { signal });
    return historic === null
      ? newestRowBatches(view, rowsOf(newestRows(view, relation, wanted)), this.store)
      : historyBatches(historic, rowsOf(rowsOfEntities(view, inputs, wanted)), this.histories);
  }

  /** Writes batches one after the other, and reads the next one meanwhile. */
  private async bring(
    batches: AsyncIterable<EntityBatch>,
    run: ClaimedMaterialization,
    tally: MaterializationTally,
  ): Promise<void> {
    let recordedAt = performance.now();
    const write = async (batch: EntityBatch): Promise<void> => {
      tally.add(batch, await batch.write());
      if (performance.now() - recordedAt < RECORD_EVERY_MS) return;
      recordedAt = performance.now();
      await this.runs.progress(run, tally.made);
    };
    let writing = Promise.resolve();
    try {
      for await (const batch of batches) {
        await writing;
        writing = write(batch);
        // It is awaited with the next batch; until then a failure is not unhandled.
        writing.catch(() => undefined);
      }
    } finally {
      await writing;
    }
    await this.runs.progress(run, tally.made);
  }
}
