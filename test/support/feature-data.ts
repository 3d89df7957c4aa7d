import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { FolderArtifactStore } from '../../src/common/storage/folder-artifact-store.js';
import { FeatureViewEntity } from '../../src/modules/feature-store/definitions/entities/feature-view.entity.js';
import { FeatureViewVersionEntity } from '../../src/modules/feature-store/definitions/entities/feature-view-version.entity.js';
import type {
  FeatureViewDefinition,
  FeatureViewVersion,
} from '../../src/modules/feature-store/definitions/feature-view.js';
import { FeatureViewRepository } from '../../src/modules/feature-store/definitions/feature-view.repository.js';
import { literal } from '../../src/modules/feature-store/engine/sql-text.js';
import { FeatureViewRows } from '../../src/modules/feature-store/offline/feature-view-rows.js';
import { SourceSnapshots } from '../../src/modules/feature-store/offline/source-snapshots.js';
import { DataSnapshotRepository } from '../../src/modules/feature-store/snapshots/data-snapshot.repository.js';
import { DataSnapshotEntity } from '../../src/modules/feature-store/snapshots/entities/data-snapshot.entity.js';
import { SnapshotRows } from '../../src/modules/feature-store/snapshots/snapshot-rows.js';
import { DataSourceRepository } from '../../src/modules/feature-store/sources/data-source.repository.js';
import { DataSourceEntity } from '../../src/modules/feature-store/sources/entities/data-source.entity.js';
import type { FeatureValue, TypedColumn } from '../../src/modules/feature-store/value-types.js';
import { fillTable } from './data-engine.js';
import { createTestDatabase } from './database.js';
import { dataColumn, dataSchema, openWorkbench, type TestWorkbench } from './workbench.js';

const GIB = 1024 ** 3;

/** A real database and artifact store with sources, snapshots and views that are put there without any checks. */
export class FeatureData {
  readonly workspaceId = randomUUID();
  readonly views: FeatureViewRepository;
  readonly rows: FeatureViewRows;

  private constructor(
    readonly dataSource: DataSource,
    readonly store: FolderArtifactStore,
    private readonly workbench: TestWorkbench,
    private readonly closers: (() => Promise<unknown>)[],
  ) {
    const snapshots = new DataSnapshotRepository(dataSource.getRepository(DataSnapshotEntity));
    this.views = new FeatureViewRepository(dataSource.getRepository(FeatureViewVersionEntity));
    const sources = new DataSourceRepository(dataSource.getRepository(DataSourceEntity));
    this.rows = new FeatureViewRows(
      this.views,
      new SourceSnapshots(this.views, sources, snapshots),
      new SnapshotRows(snapshots, store),
    );
  }

  static async open(): Promise<FeatureData> {
    const folder = await mkdtemp(join(tmpdir(), 'nestor-feature-data-'));
    const database = await createTestDatabase();
    const dataSource = await new DataSource({
      ...dataSourceOptions(database.url, 4),
      entities: [DataSourceEntity, DataSnapshotEntity, FeatureViewEntity, FeatureViewVersionEntity],
    }).initialize();
    const workbench = await openWorkbench();
    const store = await FolderArtifactStore.open(folder);
    return new FeatureData(dataSource, store, workbench, [
      () => workbench.close(),
      () => dataSource.destroy(),
      () => database.drop(),
      () => rm(folder, { recursive: true }),
    ]);
  }

  async close(): Promise<void> {
    for (const end of this.closers) await end();
  }

  /** @returns the id of a source without any snapshot. */
  async addSource(columns: readonly TypedColumn[]): Promise<string> {
    const id = randomUUID();
    const now = new Date();
    await this.dataSource.manager.insert(DataSourceEntity, {
      id,
      workspaceId: this.workspaceId,
      name: `source-${id}`,
      description: '',
      kind: 'FILE',
      connection: { format: null, delimiter: null },
      secrets: {},
      schema: dataSchema(columns.map(({ name, type }) => dataColumn(name, type))),
      mode: 'REPLACE',
      policy: 'WARN',
      createdBy: 'test',
      createdAt: now,
      updatedAt: now,
    });
    return id;
  }

  /** Adds a version with these rows: all of the source's, or such as are added to those before. */
  async addSnapshot(
    sourceId: string,
    columns: readonly TypedColumn[],
    rows: readonly (readonly FeatureValue[])[],
    isIncrement: boolean,
  ): Promise<number> {
    const { engine, folder } = this.workbench;
    const path = join(folder, `${randomUUID()}.parquet`);
    await fillTable(engine, 'snapshot', columns, rows);
    await engine.run(`COPY snapshot TO ${literal(path)} (FORMAT parquet)`);
    const { digest, sizeBytes } = await this.store.write(createReadStream(path), { maxBytes: GIB });
    const source = await this.dataSource.manager.findOneByOrFail(DataSourceEntity, { id: sourceId });
    const version = source.snapshotVersion + 1;
    await this.dataSource.manager.insert(DataSnapshotEntity, {
      id: randomUUID(),
      workspaceId: this.workspaceId,
      sourceId,
      version,
      parentVersion: version === 1 ? null : version - 1,
      isIncrement,
      artifactDigest: digest,
      sizeBytes,
      contentDigest: '0'.repeat(64),
      rowCount: rows.length,
      totalRowCount: rows.length,
      schema: dataSchema(columns.map(({ name, type }) => dataColumn(name, type))),
      statistics: [],
      collectionId: randomUUID(),
      createdBy: 'test',
      createdAt: new Date(),
    });
    await this.dataSource.manager.update(DataSourceEntity, { id: sourceId }, { snapshotVersion: version });
    return version;
  }

  async addView(name: string, definition: FeatureViewDefinition): Promise<FeatureViewVersion> {
    const { workspaceId } = this;
    return this.views.add(this.dataSource.manager, { workspaceId, name, definition, createdBy: 'test' });
  }
}

/** A view without anything that is not said. */
export const viewDefinition = (
  given: Pick<FeatureViewDefinition, 'source' | 'keys' | 'columns' | 'eventTime'> & Partial<FeatureViewDefinition>,
): FeatureViewDefinition => ({
  description: '',
  entities: given.keys.map(({ name }) => name),
  createdTime: null,
  ttlMs: null,
  features: [],
  transformation: null,
  isOnline: true,
  ...given,
});
