import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import { DataSnapshotEntity } from './entities/data-snapshot.entity.js';

/** Snapshots, always of one source. */
@Injectable()
export class DataSnapshotRepository {
  constructor(@InjectRepository(DataSnapshotEntity) private readonly snapshots: Repository<DataSnapshotEntity>) {}

  async find(
    sourceId: string,
    version: number,
    manager: EntityManager = this.snapshots.manager,
  ): Promise<DataSnapshotEntity | null> {
    return manager.findOneBy(DataSnapshotEntity, { sourceId, version });
  }

  /** By texts of the id of a source, a space and a version. */
  async byKeys(workspaceId: string, keys: readonly string[]): Promise<Map<string, DataSnapshotEntity>> {
    const references = keys.map((key) => {
      const [sourceId = '', version] = key.split(' ');
      return { workspaceId, sourceId, version: Number(version) };
    });
    const found = await this.snapshots.findBy(references);
    return new Map(found.map((snapshot) => [`${snapshot.sourceId} ${snapshot.version}`, snapshot]));
  }

  /** The version and those that it adds to, oldest first; empty where there is no such version. */
  async chain(sourceId: string, version: number): Promise<DataSnapshotEntity[]> {
    const rows: readonly { id: string }[] = await this.snapshots.query(
      `WITH RECURSIVE chain AS (
         SELECT id, parent_version, is_increment FROM data_snapshots WHERE source_id = $1 AND version = $2
         UNION ALL
         SELECT older.id, older.parent_version, older.is_increment
         FROM chain JOIN data_snapshots AS older ON older.source_id = $1 AND older.version = chain.parent_version
         WHERE chain.is_increment)
       SELECT id FROM chain`,
      [sourceId, version],
    );
    return this.snapshots.find({ where: { id: In(rows.map(({ id }) => id)) }, order: { version: 'ASC' } });
  }

  /** Newest first. */
  async page(sourceId: string, size: number, after: string | undefined): Promise<Page<DataSnapshotEntity>> {
    const query = this.snapshots.createQueryBuilder('snapshot').where('snapshot.sourceId = :sourceId', { sourceId });
    if (after !== undefined) query.andWhere('snapshot.version < :version', { version: versionOf(after) });
    const rows = await query
      .orderBy('snapshot.version', 'DESC')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, ({ version }) => [version]);
  }

  async insert(manager: EntityManager, snapshot: DataSnapshotEntity): Promise<void> {
    await manager.insert(DataSnapshotEntity, snapshot);
  }
}

function versionOf(cursor: string): number {
  const [version] = decodeCursor(cursor, 1);
  if (typeof version !== 'number' || !Number.isInteger(version) || Math.abs(version) >= 2 ** 31) throw invalidCursor();
  return version;
}
