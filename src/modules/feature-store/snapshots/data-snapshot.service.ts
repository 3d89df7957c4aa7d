import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { DataEngines, type Workbench } from '../engine/data-engines.js';
import { DataSourceService } from '../sources/data-source.service.js';
import { DataSnapshotRepository } from './data-snapshot.repository.js';
import type { DataSnapshotEntity } from './entities/data-snapshot.entity.js';
import { SnapshotRows } from './snapshot-rows.js';
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
    private readonly rows: SnapshotRows,
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
    if (haveSameRows(before.snapshot, after.snapshot)) {
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
    workbench: Workbench,
    before: DataSnapshotEntity,
    after: DataSnapshotEntity,
  ): Promise<RowsDiff> {
    const one = await this.rows.fetch(workbench, before.sourceId, before.version);
    const other = await this.rows.fetch(workbench, after.sourceId, after.version);
    const control = { timeoutMs: this.settings.NESTOR_PREDICT_MAX_TIMEOUT_MS };
    const ask = async (sql: string) => (await workbench.engine.rows(sql, [], control))[0] ?? {};
    const columns = commonColumns(before.schema, after.schema);
    const keys = commonKey(before.schema, after.schema);
    let isKeyed = keys.length > 0;
    for (const relation of [one, other]) {
      // Under the policy WARN keys may be anything.
      if (isKeyed) isKeyed = (await ask(uniquenessStatement(relation, keys)))['isUnique'] === true;
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

/** Whether two versions are known to have the same rows without a look at them. */
const haveSameRows = (one: DataSnapshotEntity, other: DataSnapshotEntity): boolean =>
  one.contentDigest === other.contentDigest &&
  one.isIncrement === other.isIncrement &&
  (!one.isIncrement || one.parentVersion === other.parentVersion);
