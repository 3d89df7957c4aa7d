import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { JsonObject } from '../../../common/json/json-object.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { Connectors } from '../connectors/connectors.js';
import type { StatementControl } from '../engine/data-engine.js';
import { DataEngines, type Workbench } from '../engine/data-engines.js';
import { QuarantineReplayer } from '../quarantine/quarantine-replayer.js';
import { QuarantineRepository } from '../quarantine/quarantine.repository.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import { type CursorMove, SourceCursorRepository } from '../sources/source-cursor.repository.js';
import type { ValidationPolicy } from '../sources/data-source.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { validateBatch } from '../validation/batch-validator.js';
import { verdictOf } from '../validation/policy.rules.js';
import type { ValidationReport } from '../validation/validation-report.js';
import { CollectionMetrics, type CollectionOutcome } from './collection-metrics.js';
import type { ClaimedCollection } from './collection-leases.js';
import { CollectionRunRepository } from './collection-run.repository.js';
import { contextOf, SnapshotWriter } from './snapshot-writer.js';

/** Runs collections: reads a batch, checks it, and makes a snapshot of it. Running one twice changes nothing. */
@Injectable()
export class CollectionRunner {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sources: DataSourceRepository,
    private readonly cursors: SourceCursorRepository,
    private readonly runs: CollectionRunRepository,
    private readonly engines: DataEngines,
    private readonly connectors: Connectors,
    private readonly writer: SnapshotWriter,
    private readonly quarantines: QuarantineRepository,
    private readonly replayer: QuarantineReplayer,
    private readonly metrics: CollectionMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param signal gives it up.
   * @throws {CodedError} INVALID_FILE, NOT_FOUND, ARTIFACT_NOT_FOUND, QUERY_LIMIT_EXCEEDED, STORAGE_FULL; CANCELLED.
   */
  async run(run: ClaimedCollection, signal: AbortSignal): Promise<void> {
    const source = await this.sources.findById(run.workspaceId, run.sourceId);
    if (source === null || source.deletedAt !== null) {
      throw new CodedError('NOT_FOUND', 'The data source was deleted before it was collected.');
    }
    await this.metrics.measure(source.kind, () =>
      this.engines.use((workbench) => this.collect(workbench, run, source, signal)),
    );
  }

  private async collect(
    workbench: Workbench,
    run: ClaimedCollection,
    source: DataSourceEntity,
    signal: AbortSignal,
  ): Promise<CollectionOutcome> {
    const control = { signal, timeoutMs: this.settings.NESTOR_DATA_STATEMENT_TIMEOUT_MS };
    if (run.replayOf !== null) return this.replay(workbench, run, source, run.replayOf, control);
    const { inputDigest: input, isPushed } = run;
    const cursor = await this.cursors.find(source.id);
    const staged = await this.connectors.stage(workbench, { source, input, isPushed, cursor }, control);
    const moved = staged.cursor === null ? null : { from: cursor, to: staged.cursor };
    this.metrics.read(source.kind, staged.rows);
    if (staged.rows === 0) return this.leave(run, source, moved);
    await this.runs.progress(run, 'VALIDATING', staged.rows);
    const report = await validateBatch(workbench.engine, source.schema, staged, new Date(), control);
    const verdict = verdictOf(source.schema, policyOf(source, run), report);
    if (verdict.kind === 'REJECTED') return this.reject(run, report, verdict.reason);
    await this.runs.progress(run, 'WRITING', staged.rows);
    const onlyValid = verdict.rows === 'valid';
    await this.writer.write(workbench, { run, source, report, onlyValid, staged, moved, replay: null }, control);
    this.metrics.accepted(source.kind, report.rowsRead - (onlyValid ? report.rowsInvalid : 0));
    if (onlyValid) this.metrics.quarantined(source.kind, report.rowsInvalid);
    await this.tellLanded(source, staged.cursor);
    return 'success';
  }

  /** Takes rows out of quarantine, whatever the policy of the source is now: only those that are right. */
  private async replay(
    workbench: Workbench,
    run: ClaimedCollection,
    source: DataSourceEntity,
    collectionId: string,
    control: StatementControl,
  ): Promise<CollectionOutcome> {
    const waited = await this.quarantines.digestOf(collectionId);
    // Another replay took all of them.
    if (waited === null) return this.leave(run, source, null);
    const { report, keepRest } = await this.replayer.replay(workbench, source, waited, run.corrections ?? [], control);
    const verdict = verdictOf(source.schema, 'QUARANTINE', report);
    if (verdict.kind === 'REJECTED') return this.reject(run, report, verdict.reason);
    await this.runs.progress(run, 'WRITING', report.rowsRead);
    const replay = { collectionId, waited, waiting: await keepRest(contextOf(run)) };
    const batch = { run, source, report, onlyValid: true, staged: { isWhole: false }, moved: null, replay };
    await this.writer.write(workbench, batch, control);
    this.metrics.accepted(source.kind, report.rowsRead - report.rowsInvalid);
    return 'success';
  }

  private async leave(
    run: ClaimedCollection,
    source: DataSourceEntity,
    moved: CursorMove | null,
  ): Promise<CollectionOutcome> {
    await this.writer.leave(run, source, moved);
    return 'success';
  }

  private async reject(run: ClaimedCollection, report: ValidationReport, reason: string): Promise<CollectionOutcome> {
    await this.runs.reject(run, report, reason);
    return 'rejected';
  }

  /** Never fails: the rows are kept, and who was not told is told with the next ones. */
  private async tellLanded(source: DataSourceEntity, cursor: JsonObject | null): Promise<void> {
    try {
      await this.connectors.landed(source, cursor);
    } catch (err) {
      this.logger.warn({ err, sourceId: source.id }, 'a data source could not be told that its rows are kept');
    }
  }
}

/** Pushed rows of many callers come together: those of one are not refused for the faults of another's. */
const policyOf = ({ policy }: DataSourceEntity, { isPushed }: ClaimedCollection): ValidationPolicy =>
  isPushed && policy === 'REJECT' ? 'QUARANTINE' : policy;
