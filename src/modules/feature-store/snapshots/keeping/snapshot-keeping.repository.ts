import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
import { DataSnapshotEntity } from '../entities/data-snapshot.entity.js';
import { DataRetentionEntity } from './entities/data-retention.entity.js';
import { SnapshotTagEntity } from './entities/snapshot-tag.entity.js';
import type { AgingSnapshot } from './retention.rules.js';

/** Something that was made of a snapshot. */
export interface SnapshotUse {
  readonly kind: string;
  readonly id: string;
}

/** The snapshots that things were made of, as `source_id`, `version`, `kind` and `id`, as SQL. */
const USES = `
  SELECT source_id, version, kind, used_by AS id FROM data_usages
  UNION ALL
  SELECT (learned_from ->> 'sourceId')::uuid, (learned_from ->> 'version')::int, 'FEATURE_VIEW', id
  FROM feature_view_versions WHERE learned_from IS NOT NULL`;

/** As `USES`, also what was made of what was made of them. */
const ALL_USES = `${USES}
  UNION
  SELECT usage.source_id, usage.version, 'MODEL_VERSION', named.version_id FROM model_training_sets AS named
  JOIN data_usages AS usage ON usage.kind = 'HISTORICAL_FEATURES' AND usage.used_by = named.job_id`;

/** What keeps snapshots: names, uses and retention. */
@Injectable()
export class SnapshotKeepingRepository {
  constructor(
    @InjectRepository(SnapshotTagEntity) private readonly tags: Repository<SnapshotTagEntity>,
    @InjectRepository(DataRetentionEntity) private readonly retentions: Repository<DataRetentionEntity>,
  ) {}

  /** Names of snapshots, by their ids. */
  async tagsOf(ids: readonly string[]): Promise<Map<string, string[]>> {
    const rows: readonly { id: string; name: string }[] = await this.tags.query(
      `SELECT own.id, tag.name FROM data_snapshots AS own
       JOIN data_snapshot_tags AS tag ON tag.source_id = own.source_id AND tag.version = own.version
       WHERE own.id = ANY($1::uuid[]) ORDER BY tag.name`,
      [ids],
    );
    return grouped(rows.map(({ id, name }) => [id, name]));
  }

  /** Gives a name, which may have been another version's. */
  async tag(manager: EntityManager, tag: Omit<SnapshotTagEntity, 'snapshot'>): Promise<void> {
    await manager.upsert(SnapshotTagEntity, tag, ['sourceId', 'name']);
  }

  /** @returns whether there was such a name. */
  async untag(manager: EntityManager, sourceId: string, name: string): Promise<boolean> {
    return (await manager.delete(SnapshotTagEntity, { sourceId, name })).affected === 1;
  }

  /** What was made of snapshots, by their ids. */
  async usesOf(ids: readonly string[]): Promise<Map<string, SnapshotUse[]>> {
    const rows: readonly { snapshotId: string; kind: string; id: string }[] = await this.tags.query(
      `SELECT own.id AS "snapshotId", uses.kind, uses.id FROM data_snapshots AS own
       JOIN (${ALL_USES}) AS uses ON uses.source_id = own.source_id AND uses.version = own.version
       WHERE own.id = ANY($1::uuid[]) ORDER BY uses.kind, uses.id`,
      [ids],
    );
    return grouped(rows.map(({ snapshotId, kind, id }) => [snapshotId, { kind, id }]));
  }

  async retentionOf(sourceId: string): Promise<DataRetentionEntity | null> {
    return this.retentions.findOneBy({ sourceId });
  }

  async retain(manager: EntityManager, retention: DataRetentionEntity): Promise<void> {
    await manager.upsert(DataRetentionEntity, retention, ['sourceId']);
  }

  /** All sources, also deleted ones, of which not all is kept. */
  async limited(): Promise<DataRetentionEntity[]> {
    return this.retentions
      .createQueryBuilder('own')
      .where('own.keepVersions IS NOT NULL OR own.keepDays IS NOT NULL')
      .getMany();
  }

  /** All snapshots of a source. Those that a materialization reads at this time are needed, too. */
  async aging(sourceId: string): Promise<AgingSnapshot[]> {
    return this.tags.query(
      `SELECT version, parent_version AS "parentVersion", is_increment AS "isIncrement", created_at AS "createdAt",
         EXISTS (SELECT 1 FROM data_snapshot_tags AS tag WHERE tag.source_id = $1 AND tag.version = own.version)
         OR EXISTS (SELECT 1 FROM (${USES}) AS uses WHERE uses.source_id = $1 AND uses.version = own.version)
         OR EXISTS (SELECT 1 FROM feature_materializations AS run WHERE run.ended_at IS NULL
           AND run.snapshots @> jsonb_build_array(jsonb_build_object('sourceId', own.source_id::text, 'version', own.version)))
         AS "isNeeded"
       FROM data_snapshots AS own WHERE source_id = $1`,
      [sourceId],
    );
  }

  /** With what was counted in their files. The files are for the sweep of artifacts, as others may have the same. */
  async delete(manager: EntityManager, sourceId: string, versions: readonly number[]): Promise<void> {
    await manager.query(
      `DELETE FROM data_file_counts WHERE snapshot_id IN (
         SELECT id FROM data_snapshots WHERE source_id = $1 AND version = ANY($2::int[]))`,
      [sourceId, versions],
    );
    await manager.delete(DataSnapshotEntity, { sourceId, version: In([...versions]) });
  }
}

function grouped<Value>(rows: readonly (readonly [key: string, value: Value])[]): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const [key, value] of rows) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}
