import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import type { Digest } from '../../../common/storage/digest.js';
import { ArtifactService } from '../../registry/artifact.service.js';
import { ROW, STAGED } from '../connectors/staged-batch.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import { literal, quoted } from '../engine/sql-text.js';
import { DataSnapshotRepository } from '../snapshots/data-snapshot.repository.js';
import { SnapshotRows } from '../snapshots/snapshot-rows.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { reportOn } from '../validation/batch-validator.js';
import { CHECKED, INVALID } from '../validation/row-checks.rules.js';
import { judgeRows, markRepeated, stagedRows } from '../validation/row-judge.js';
import type { ValidationReport } from '../validation/validation-report.js';
import { knownRowsStatement } from './quarantine.rules.js';
import type { RowCorrection } from './quarantined-row.js';

/** What became of rows that waited. */
export interface ReplayedRows {
  readonly report: ValidationReport;
  /** Keeps the rows that still are not right, exactly as they came. @returns null where all are. */
  readonly keepRest: (context: ActorContext) => Promise<Digest | null>;
}

/** Takes rows out of quarantine: as they came but for corrections, checked by the schema of now. */
@Injectable()
export class QuarantineReplayer {
  constructor(
    private readonly store: ArtifactStore,
    private readonly artifacts: ArtifactService,
    private readonly snapshots: DataSnapshotRepository,
    private readonly rows: SnapshotRows,
  ) {}

  /** @throws {CodedError} INVALID_INPUT where a corrected row does not wait; ARTIFACT_NOT_FOUND, STORAGE_FULL, CANCELLED. */
  async replay(
    workbench: Workbench,
    source: DataSourceEntity,
    waited: Digest,
    corrections: readonly RowCorrection[],
    control: StatementControl,
  ): Promise<ReplayedRows> {
    const { engine, folder } = workbench;
    const path = join(folder, 'quarantine-before.parquet');
    await this.store.fetchTo(waited, path, control.signal);
    await stage(workbench, source, path, control);
    await correct(workbench, corrections, control);
    const now = new Date();
    await judgeRows(engine, source.schema, stagedRows, now, control);
    await markRepeated(engine, source.schema, control);
    await this.markKnown(workbench, source, control);
    const report = await reportOn(engine, source.schema, { missingColumns: [], extraColumns: [] }, now, control);
    const keepRest = async (context: ActorContext): Promise<Digest | null> => {
      if (report.rowsInvalid === 0) return null;
      const rest = join(folder, 'quarantine-after.parquet');
      await engine.run(
        `COPY (SELECT * FROM read_parquet(${literal(path)}) WHERE ${quoted(ROW)} IN (
           SELECT ${quoted(ROW)} FROM ${CHECKED} WHERE ${quoted(INVALID)}) ORDER BY ${quoted(ROW)})
         TO ${literal(rest)} (FORMAT parquet, COMPRESSION zstd)`,
        [],
        control,
      );
      return (await this.artifacts.upload(context, createReadStream(rest))).digest;
    };
    return { report, keepRest };
  }

  /** What is there already is not added once more. */
  private async markKnown(workbench: Workbench, source: DataSourceEntity, control: StatementControl): Promise<void> {
    const newest = await this.snapshots.find(source.id, source.snapshotVersion);
    if (newest === null) return;
    const columns = new Set(newest.schema.columns.map(({ name }) => name));
    const relation = await this.rows.fetch(workbench, source.id, newest.version, control.signal);
    const statement = knownRowsStatement(source.schema, { relation, columns });
    if (statement !== null) await workbench.engine.run(statement, [], control);
  }
}

async function stage(
  { engine }: Workbench,
  { schema }: DataSourceEntity,
  path: string,
  control: StatementControl,
): Promise<void> {
  const from = `read_parquet(${literal(path)})`;
  const described = await engine.rows(`DESCRIBE SELECT * FROM ${from}`, [], control);
  const present = new Set(described.map((row) => String(row['column_name'])));
  const texts = schema.columns.map(({ name }) => {
    const value = present.has(name) ? quoted(name) : 'NULL';
    return `CAST(${value} AS VARCHAR) AS ${quoted(name)}`;
  });
  await engine.run(
    `CREATE TABLE ${STAGED} AS SELECT ${quoted(ROW)}, ${texts.join(', ')} FROM ${from} ORDER BY ${quoted(ROW)}`,
    [],
    control,
  );
}

async function correct(
  { engine }: Workbench,
  corrections: readonly RowCorrection[],
  control: StatementControl,
): Promise<void> {
  for (const { row, column, value } of corrections) {
    const [changed] = await engine.rows(
      `UPDATE ${STAGED} SET ${quoted(column)} = ? WHERE ${quoted(ROW)} = ? RETURNING ${quoted(ROW)}`,
      [value, row],
      control,
    );
    if (changed === undefined) throw new CodedError('INVALID_INPUT', `corrections: row ${row} is not in quarantine.`);
  }
}
