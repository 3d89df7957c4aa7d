import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { sha256 } from '../../../common/crypto/digest.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import type { StatementControl } from '../engine/data-engine.js';
import { DataEngines, type Workbench } from '../engine/data-engines.js';
import { DataSnapshotRepository } from '../snapshots/data-snapshot.repository.js';
import type { DataSnapshotEntity } from '../snapshots/entities/data-snapshot.entity.js';
import type { DataSchema } from '../sources/data-source.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { CollectedBatches } from './collected-batches.js';
import type { FileCounts, QualityExpectations, QualityMeasurement, RuleQuality } from './data-quality.js';
import { countFile } from './file-counter.js';
import { FileCountsRepository } from './file-counts.repository.js';
import { breachesOf, columnQualities, expressionQuality, rowsOf, scoresOf } from './quality-scores.rules.js';
import { ReferenceChecker } from './reference-checker.js';

/** Measures the data of a source as it is at its newest version. What was counted in a file is kept, as files never change. */
@Injectable()
export class QualityMeter {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly snapshots: DataSnapshotRepository,
    private readonly batches: CollectedBatches,
    private readonly counts: FileCountsRepository,
    private readonly references: ReferenceChecker,
    private readonly engines: DataEngines,
    private readonly store: ArtifactStore,
  ) {}

  /**
   * @param before what was measured last, if anything.
   * @returns null where the source has no data. @throws {CodedError} CANCELLED, QUERY_LIMIT_EXCEEDED, …
   */
  async measure(
    source: DataSourceEntity,
    expectations: QualityExpectations,
    before: QualityMeasurement | null,
    signal: AbortSignal,
  ): Promise<QualityMeasurement | null> {
    const chain = await this.snapshots.chain(source.id, source.snapshotVersion);
    const newest = chain.at(-1);
    if (newest === undefined) return null;
    const control = { signal, timeoutMs: this.settings.NESTOR_DATA_STATEMENT_TIMEOUT_MS };
    const schema = schemaOf(source, newest);
    const files = await this.countedFiles(chain, schema, expectations, control);
    const references = await this.checkedReferences(source, expectations, before, control);
    const { keyColumns, maxAgeSeconds } = schema;
    const { maxSilenceSeconds } = expectations;
    const facts = {
      ...(await this.batches.factsOf(source.id, chain)),
      keyColumns,
      maxAgeSeconds,
      maxSilenceSeconds,
    };
    const columns = columnQualities(files, facts);
    const rules = [...expectations.expressions.map((rule) => expressionQuality(files, rule)), ...references];
    const scores = scoresOf(files, facts, rules, Date.now());
    return {
      snapshotVersion: newest.version,
      rows: rowsOf(files),
      rowsQuarantined: facts.rowsQuarantined,
      scores,
      columns,
      rules,
      breaches: breachesOf(expectations, scores, columns, rules),
    };
  }

  private async countedFiles(
    chain: readonly DataSnapshotEntity[],
    schema: DataSchema,
    { expressions }: QualityExpectations,
    control: StatementControl,
  ): Promise<FileCounts[]> {
    const basis = sha256(JSON.stringify([schema, expressions]));
    const known = await this.counts.find(
      chain.map(({ id }) => id),
      basis,
    );
    const fresh = chain.filter(({ id }) => !known.has(id));
    if (fresh.length > 0) {
      await this.engines.use(async (workbench) => {
        for (const snapshot of fresh) {
          const counts = await this.countIn(workbench, snapshot, schema, expressions, control);
          known.set(snapshot.id, counts);
          await this.counts.keep({ snapshotId: snapshot.id, basis, counts });
        }
      });
    }
    return chain.flatMap(({ id }) => known.get(id) ?? []);
  }

  private async countIn(
    { engine, folder }: Workbench,
    { artifactDigest, schema: taken }: DataSnapshotEntity,
    schema: DataSchema,
    expressions: QualityExpectations['expressions'],
    control: StatementControl,
  ): Promise<FileCounts> {
    const path = join(folder, 'counted.parquet');
    await this.store.fetchTo(artifactDigest, path, control.signal);
    try {
      const file = { path, columns: new Set(taken.columns.map(({ name }) => name)) };
      return await countFile(engine, file, schema, expressions, control);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** What neither side of changed since it was checked last holds as it held then. */
  private async checkedReferences(
    source: DataSourceEntity,
    { references }: QualityExpectations,
    before: QualityMeasurement | null,
    control: StatementControl,
  ): Promise<RuleQuality[]> {
    const checked: RuleQuality[] = [];
    for (const rule of references) {
      const version = await this.references.referencedVersion(source.workspaceId, rule);
      const held = before?.rules.find(({ rule: name }) => name === rule.name);
      const isSame = before?.snapshotVersion === source.snapshotVersion && held?.referencedVersion === version;
      checked.push(
        isSame && held !== undefined
          ? held
          : await this.engines.use((workbench) => this.references.check(workbench, source, rule, version, control)),
      );
    }
    return checked;
  }
}

/** The columns that the newest version has, as the source describes them now. */
function schemaOf({ schema }: DataSourceEntity, newest: DataSnapshotEntity): DataSchema {
  const present = new Set(newest.schema.columns.map(({ name }) => name));
  const columns = schema.columns.filter(({ name }) => present.has(name));
  const isThere = (name: string) => columns.some((column) => column.name === name);
  return {
    ...schema,
    columns,
    keyColumns: schema.keyColumns.every(isThere) ? schema.keyColumns : [],
    eventTimeColumn: schema.eventTimeColumn !== null && isThere(schema.eventTimeColumn) ? schema.eventTimeColumn : null,
  };
}
