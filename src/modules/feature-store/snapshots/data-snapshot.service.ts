import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import { DataEngines, type Workbench } from '../engine/data-engines.js';
import { DataSourceService } from '../sources/data-source.service.js';
import { DataSnapshotRepository } from './data-snapshot.repository.js';
import type { DataSnapshotEntity } from './entities/data-snapshot.entity.js';
import {
  commonColumns,
  commonKey,
  keyedDiffStatement,
  type RowsDiff,
  type SchemaDiff,
  schemaDiffOf,
  uniquenessStatement,
  wholeRowsDiffStatement,
} from './snapshot-diff.rules.js';

/** A snapshot, and the name of its source. */
export interface NamedSnapshot {
  readonly source: string;
  readonly snapshot: DataSnapshotEntity;
}

export interface SnapshotDiff extends SchemaDiff, RowsDiff {
  readonly from: NamedSnapshot;
  readonly to: NamedSnapshot;
}

/** Snapshots as clients see them. */
@Injectable()
export class DataSnapshotService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sources: DataSourceService,
    private readonly snapshots: DataSnapshotRepository,
    private readonly engines: DataEngines,
    private readonly store: ArtifactStore,
  ) {}

  /** @param version undefined for the newest. @returns null where there is no such snapshot or source. */
  async find(context: ActorContext, source: string, version: number | undefined): Promise<NamedSnapshot | null> {
    const found = await this.sources.find(context, source);
    if (found === null) return null;
    const snapshot = await this.snapshots.find(found.id, version ?? found.snapshotVersion);
    return snapshot && { source, snapshot };
  }

  /** Newest first. @throws {CodedError} NOT_FOUND */
  async page(
    context: ActorContext,
    source: string,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<NamedSnapshot>> {
    const { id } = await this.sources.get(context, source);
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    const { edges, pageInfo } = await this.snapshots.page(id, size, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: { source, snapshot: node } })), pageInfo };
  }

  /**
   * How the rows and schemas of two snapshots differ: by key where there is one, else by whole rows.
   * @throws {CodedError} NOT_FOUND, QUERY_LIMIT_EXCEEDED, DEADLINE_EXCEEDED
   */
  async diff(context: ActorContext, source: string, from: number, to: number): Promise<SnapshotDiff> {
    const [before, after] = [await this.get(context, source, from), await this.get(context, source, to)];
    const schemas = schemaDiffOf(before.snapshot.schema, after.snapshot.schema);
    if (before.snapshot.contentDigest === after.snapshot.contentDigest) {
      return { from: before, to: after, ...schemas, rowsAdded: 0, rowsRemoved: 0, rowsChanged: 0 };
    }
    const rows = await this.engines.use((workbench) => this.compare(workbench, before.snapshot, after.snapshot));
    return { from: before, to: after, ...schemas, ...rows };
  }

  private async get(context: ActorContext, source: string, version: number): Promise<NamedSnapshot> {
    const snapshot = await this.find(context, source, version);
    if (snapshot !== null) return snapshot;
    throw new CodedError(
      'NOT_FOUND',
      `There is no snapshot ${version} of a data source ${JSON.stringify(source.slice(0, 128))}.`,
    );
  }

  private async compare(
    { engine, folder }: Workbench,
    before: DataSnapshotEntity,
    after: DataSnapshotEntity,
  ): Promise<RowsDiff> {
    const [one, other] = [join(folder, 'before'), join(folder, 'after')];
    await this.store.fetchTo(before.artifactDigest, one);
    await this.store.fetchTo(after.artifactDigest, other);
    const control = { timeoutMs: this.settings.NESTOR_PREDICT_MAX_TIMEOUT_MS };
    const ask = async (sql: string) => (await engine.rows(sql, [], control))[0] ?? {};
    const columns = commonColumns(before.schema, after.schema);
    const keys = commonKey(before.schema, after.schema);
    let isKeyed = keys.length > 0;
    for (const path of [one, other]) {
      // Under the policy WARN keys may be anything.
      if (isKeyed) isKeyed = (await ask(uniquenessStatement(path, keys)))['isUnique'] === true;
    }
    const counts = await ask(
      isKeyed ? keyedDiffStatement(one, other, keys, columns) : wholeRowsDiffStatement(one, other, columns),
    );
    return {
      rowsAdded: Number(counts['added']),
      rowsRemoved: Number(counts['removed']),
      rowsChanged: isKeyed ? Number(counts['changed']) : null,
    };
  }
}
