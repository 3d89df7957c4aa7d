import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { StoredArtifact } from '../../../common/storage/artifact-store.js';
import type { Digest } from '../../../common/storage/digest.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { ArtifactService } from '../../registry/artifact.service.js';
import { ROW, type StagedBatch } from '../connectors/staged-batch.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import { literal, quoted } from '../engine/sql-text.js';
import { QualityScheduleRepository } from '../quality/quality-schedule.repository.js';
import { QuarantineRepository } from '../quarantine/quarantine.repository.js';
import { contentDigest } from '../snapshots/content-digest.js';
import { type ColumnStatistics, statisticsOf } from '../snapshots/column-statistics.js';
import { DataSnapshotRepository } from '../snapshots/data-snapshot.repository.js';
import type { DataSnapshotEntity } from '../snapshots/entities/data-snapshot.entity.js';
import { writeSnapshotFile } from '../snapshots/snapshot-file.js';
import { isSaidAlready } from '../snapshots/snapshot-identity.rules.js';
import type { DataSchema } from '../sources/data-source.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import { type CursorMove, SourceCursorRepository } from '../sources/source-cursor.repository.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { CHECKED, FAULTY_ROWS, INVALID, VIOLATIONS, violationTexts } from '../validation/row-checks.rules.js';
import type { ValidationReport } from '../validation/validation-report.js';
import type { ClaimedCollection } from './collection-leases.js';
import { CollectionRunRepository } from './collection-run.repository.js';

/** The rows of a batch that are to become a snapshot. */
export interface AcceptedBatch {
  readonly run: ClaimedCollection;
  readonly source: DataSourceEntity;
  readonly report: ValidationReport;
  /** Whether rows that broke a rule are left out. */
  readonly onlyValid: boolean;
  readonly staged: Pick<StagedBatch, 'isWhole'>;
  /** How far the source was read by it; null where it keeps no cursor. */
  readonly moved: CursorMove | null;
  /** Where the rows waited in quarantine, if they did: those that are right are added to the newest snapshot. */
  readonly replay: Replay | null;
}

/** Where rows are taken from, and which of them stay there. */
export interface Replay {
  readonly collectionId: string;
  readonly waited: Digest;
  readonly waiting: Digest | null;
}

/** A snapshot whose file is stored, but that nobody sees yet. */
interface PreparedSnapshot {
  readonly contentDigest: string;
  readonly file: StoredArtifact;
  readonly statistics: readonly ColumnStatistics[];
}

/** Where a snapshot stands among the versions of its source. */
interface SnapshotPlace {
  /** The newest before it. */
  readonly parent: DataSnapshotEntity | null;
  /** Whether its rows are added to those of its parent. */
  readonly isIncrement: boolean;
}

/** Makes snapshots of checked batches. What one is made of is stored first; the last step makes it visible, or nothing does. */
@Injectable()
export class SnapshotWriter {
  constructor(
    private readonly artifacts: ArtifactService,
    private readonly sources: DataSourceRepository,
    private readonly cursors: SourceCursorRepository,
    private readonly snapshots: DataSnapshotRepository,
    private readonly runs: CollectionRunRepository,
    private readonly quarantines: QuarantineRepository,
    private readonly qualitySchedule: QualityScheduleRepository,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws {CodedError} CANCELLED where the collection is no longer this worker's; STORAGE_FULL, ARTIFACT_TOO_LARGE. */
  async write(workbench: Workbench, batch: AcceptedBatch, control: StatementControl): Promise<void> {
    const { run, source, report, onlyValid, staged, moved, replay } = batch;
    const rows = acceptedRows(source.schema, onlyValid);
    const context = contextOf(run);
    const digest = await contentDigest(workbench.engine, rows, source.schema.columns, control);
    const newest = await this.snapshots.find(source.id, source.snapshotVersion);
    const prepared =
      newest?.contentDigest === digest
        ? storedBefore(newest)
        : await this.prepare(workbench, context, source.schema, rows, digest, control);
    const rowsQuarantined = onlyValid ? report.rowsInvalid : 0;
    const quarantineDigest =
      rowsQuarantined > 0 && replay === null ? await this.quarantine(workbench, context, source.schema, control) : null;
    const rowsAccepted = report.rowsRead - rowsQuarantined;
    await this.audit.transaction(context, async (transaction) => {
      const { manager } = transaction;
      const current = await this.sources.lock(manager, run.workspaceId, source.name);
      if (current === null || current.id !== source.id) throw gone(source.name);
      if (moved !== null) await this.cursors.move(manager, source.id, moved);
      const latest = await this.snapshots.find(source.id, current.snapshotVersion, manager);
      const isAdded = replay !== null || run.isPushed || (source.mode === 'APPEND' && !staged.isWhole);
      const isIncrement = isAdded && latest !== null;
      const isUnchanged = isSaidAlready(latest, { contentDigest: digest, isIncrement }, source.schema);
      const version = isUnchanged ? current.snapshotVersion : current.snapshotVersion + 1;
      if (!isUnchanged) {
        // It may be the file of a version that is deleted meanwhile.
        await this.artifacts.hold(context, prepared.file.digest, manager);
        await this.snapshots.insert(
          manager,
          snapshotOf(batch, prepared, rowsAccepted, { parent: latest, isIncrement }),
        );
        await this.sources.change(manager, current, { snapshotVersion: version });
      }
      const result = { report, rowsAccepted, rowsQuarantined, quarantineDigest, snapshotVersion: version, isUnchanged };
      if (!(await this.runs.succeed(transaction, run, result))) throw givenUp();
      if (replay !== null) await this.empty(manager, replay, rowsAccepted);
      await this.qualitySchedule.makeDue(manager, current);
      transaction.audit({
        action: 'data-source.snapshot',
        resourceType: 'data-source',
        resourceId: source.name,
        detail: { version, rows: rowsAccepted, quarantined: rowsQuarantined, isUnchanged },
      });
    });
  }

  /** Ends a collection that found nothing new. @throws {CodedError} as `write`. */
  async leave(run: ClaimedCollection, source: DataSourceEntity, moved: CursorMove | null): Promise<void> {
    await this.audit.transaction(contextOf(run), async (transaction) => {
      const { manager } = transaction;
      const current = await this.sources.lock(manager, run.workspaceId, source.name);
      if (current === null || current.id !== source.id) throw gone(source.name);
      if (moved !== null) await this.cursors.move(manager, source.id, moved);
      const result = {
        report: { rowsRead: 0, rowsInvalid: 0, violations: [] },
        rowsAccepted: 0,
        rowsQuarantined: 0,
        quarantineDigest: null,
        snapshotVersion: current.snapshotVersion === 0 ? null : current.snapshotVersion,
        isUnchanged: true,
      };
      if (!(await this.runs.succeed(transaction, run, result))) throw givenUp();
      transaction.audit({
        action: 'data-source.snapshot',
        resourceType: 'data-source',
        resourceId: source.name,
        detail: { version: current.snapshotVersion, rows: 0, quarantined: 0, isUnchanged: true },
      });
    });
  }

  /** A row is taken out of quarantine in the transaction that makes it visible, and so only once. */
  private async empty(manager: EntityManager, { collectionId, ...change }: Replay, rows: number): Promise<void> {
    if (await this.quarantines.replayed(manager, collectionId, { ...change, rows })) return;
    throw new CodedError('CONFLICT', 'The rows in quarantine were replayed by another collection meanwhile.');
  }

  private async prepare(
    { engine, folder }: Workbench,
    context: ActorContext,
    schema: DataSchema,
    rows: string,
    digest: string,
    control: StatementControl,
  ): Promise<PreparedSnapshot> {
    const path = join(folder, 'snapshot.parquet');
    await writeSnapshotFile(engine, path, rows, schema, control);
    const statistics = await statisticsOf(engine, rows, schema.columns, control);
    const { digest: fileDigest, sizeBytes } = await this.artifacts.upload(context, createReadStream(path));
    return { contentDigest: digest, file: { digest: fileDigest, sizeBytes }, statistics };
  }

  /** Keeps the rows that were left out, as they came, each with its number and the rules that it broke. */
  private async quarantine(
    { engine, folder }: Workbench,
    context: ActorContext,
    schema: DataSchema,
    control: StatementControl,
  ): Promise<StoredArtifact['digest']> {
    const path = join(folder, 'quarantine.parquet');
    const columns = schema.columns.map(({ name }) => `came.${quoted(name)}`);
    await engine.run(
      `COPY (SELECT ${columns.join(', ')}, came.${quoted(ROW)}, ${violationTexts(schema)} AS ${quoted(VIOLATIONS)}
         FROM ${FAULTY_ROWS} AS came JOIN ${CHECKED} AS checked ON came.${quoted(ROW)} = checked.${quoted(ROW)}
         ORDER BY came.${quoted(ROW)})
       TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
      [],
      control,
    );
    return (await this.artifacts.upload(context, createReadStream(path))).digest;
  }
}

const acceptedRows = ({ columns }: DataSchema, onlyValid: boolean): string => {
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  return `(SELECT ${names} FROM ${CHECKED}${onlyValid ? ` WHERE NOT ${quoted(INVALID)}` : ''})`;
};

const storedBefore = (snapshot: DataSnapshotEntity): PreparedSnapshot => ({
  contentDigest: snapshot.contentDigest,
  file: { digest: snapshot.artifactDigest, sizeBytes: snapshot.sizeBytes },
  statistics: snapshot.statistics,
});

const snapshotOf = (
  { run, source }: AcceptedBatch,
  { contentDigest: digest, file, statistics }: PreparedSnapshot,
  rowCount: number,
  { parent, isIncrement }: SnapshotPlace,
): DataSnapshotEntity => ({
  id: randomUUID(),
  workspaceId: run.workspaceId,
  sourceId: source.id,
  version: (parent?.version ?? 0) + 1,
  parentVersion: parent?.version ?? null,
  isIncrement,
  artifactDigest: file.digest,
  sizeBytes: file.sizeBytes,
  contentDigest: digest,
  rowCount,
  totalRowCount: rowCount + (isIncrement ? (parent?.totalRowCount ?? 0) : 0),
  schema: source.schema,
  statistics,
  collectionId: run.id,
  createdBy: run.requestedBy.id,
  createdAt: new Date(),
});

const gone = (name: string): CodedError =>
  new CodedError('NOT_FOUND', `The data source ${name} was deleted while it was collected.`);

const givenUp = (): CodedError => new CodedError('CANCELLED', 'The collection is no longer run by this worker.');

/** A collection runs on behalf of who asked for it; what they may do was asked then. */
export function contextOf({ workspaceId, requestId, requestedBy }: ClaimedCollection): ActorContext {
  return { requestId, address: null, actor: { ...requestedBy, workspaceId, role: 'SERVICE', permissions: new Set() } };
}
