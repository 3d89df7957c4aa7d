import { Injectable } from '@nestjs/common';
import { DataEngineError } from '../engine/data-engine-error.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import { quoted } from '../engine/sql-text.js';
import { SnapshotRows } from '../snapshots/snapshot-rows.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import type { ReferenceRule, RuleQuality } from './data-quality.js';
import { shareOf } from './quality-scores.rules.js';

/** Checks that values of one source are there in another one. */
@Injectable()
export class ReferenceChecker {
  constructor(
    private readonly sources: DataSourceRepository,
    private readonly rows: SnapshotRows,
  ) {}

  /** The version of the other source to look at; null where it is deleted or has no data. */
  async referencedVersion(workspaceId: string, { sourceId }: ReferenceRule): Promise<number | null> {
    const other = await this.sources.findById(workspaceId, sourceId);
    return other === null || other.deletedAt !== null || other.snapshotVersion === 0 ? null : other.snapshotVersion;
  }

  /** @param referencedVersion as told by {@link referencedVersion}. */
  async check(
    workbench: Workbench,
    source: DataSourceEntity,
    rule: ReferenceRule,
    referencedVersion: number | null,
    control: StatementControl,
  ): Promise<RuleQuality> {
    const unchecked = (error: string): RuleQuality => ({
      rule: rule.name,
      score: null,
      rows: 0,
      broken: 0,
      error,
      referencedVersion,
    });
    if (referencedVersion === null) return unchecked(`The data source ${rule.source} has no data, or was deleted.`);
    const own = await this.rows.fetch(workbench, source.id, source.snapshotVersion, control.signal);
    const other = await this.rows.fetch(workbench, rule.sourceId, referencedVersion, control.signal);
    const value = `CAST(own.${quoted(rule.column)} AS VARCHAR)`;
    try {
      const [row] = await workbench.engine.rows(
        `SELECT count(*) AS rows, count(*) FILTER (known.value IS NULL) AS broken
         FROM ${own} AS own LEFT JOIN (
           SELECT DISTINCT CAST(${quoted(rule.sourceColumn)} AS VARCHAR) AS value FROM ${other}) AS known
         ON known.value = ${value}
         WHERE own.${quoted(rule.column)} IS NOT NULL`,
        [],
        control,
      );
      const [rows, broken] = [Number(row?.['rows']), Number(row?.['broken'])];
      return { rule: rule.name, score: shareOf(rows - broken, rows), rows, broken, error: null, referencedVersion };
    } catch (error) {
      if (!(error instanceof DataEngineError)) throw error;
      return unchecked('One of the two columns is not there any more.');
    }
  }
}
