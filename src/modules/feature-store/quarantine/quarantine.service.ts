import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { decodeCursor, invalidCursor, type Page, pageOf, pageSize } from '../../../common/graphql/page.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { DataEngines, type Workbench } from '../engine/data-engines.js';
import { CollectionIntake } from '../ingestion/collection-intake.js';
import { DataCollectionRepository } from '../ingestion/data-collection.repository.js';
import { DataCollectionService } from '../ingestion/data-collection.service.js';
import type { DataCollectionEntity } from '../ingestion/entities/data-collection.entity.js';
import type { DataSchema } from '../sources/data-source.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import { DataSourceService } from '../sources/data-source.service.js';
import { quarantinedStatement, shownRow } from './quarantine.rules.js';
import { type OpenQuarantine, QuarantineRepository } from './quarantine.repository.js';
import type { QuarantineCriteria, QuarantinedRow, RowCorrection } from './quarantined-row.js';

/** Collections that are looked through at once. */
const LOOKED_THROUGH = 100;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Rows that were left out, as clients see them. */
@Injectable()
export class QuarantineService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sources: DataSourceService,
    private readonly sourceRows: DataSourceRepository,
    private readonly collections: DataCollectionService,
    private readonly collectionRows: DataCollectionRepository,
    private readonly quarantine: QuarantineRepository,
    private readonly intake: CollectionIntake,
    private readonly engines: DataEngines,
    private readonly store: ArtifactStore,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Rows that wait in quarantine: of the newest collection first, and of each by their numbers.
   * @throws {CodedError} NOT_FOUND, INVALID_CURSOR
   */
  async page(
    context: ActorContext,
    name: string,
    criteria: QuarantineCriteria,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<QuarantinedRow>> {
    const source = await this.sources.get(context, name);
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    const { collectionId } = criteria;
    if (collectionId !== undefined && !UUID.test(collectionId)) return pageOf<QuarantinedRow>([], size, () => []);
    const place = after === undefined ? undefined : placeOf(after);
    const open = await this.quarantine.open(source.id, criteria, place, LOOKED_THROUGH);
    const createdAt = new Map(open.map((one) => [one.id, one.createdAt.toISOString()]));
    const rows =
      open.length === 0
        ? []
        : await this.engines.use((workbench) => this.rowsOf(workbench, open, source.schema, criteria, place, size + 1));
    return pageOf(rows, size, ({ collectionId: id, row }) => [createdAt.get(id) ?? '', id, row]);
  }

  /**
   * Queues a collection of the rows that wait of another one, with corrections, if any.
   * @throws {CodedError} NOT_FOUND, INVALID_INPUT; CONFLICT where no row waits.
   */
  async replay(
    context: ActorContext,
    collectionId: string,
    corrections: readonly RowCorrection[],
  ): Promise<DataCollectionEntity> {
    const { workspaceId } = context.actor;
    const original = await this.collections.find(context, collectionId);
    const source = original === null ? null : await this.sourceRows.findById(workspaceId, original.sourceId);
    if (original === null || source === null || source.deletedAt !== null) {
      throw new CodedError(
        'NOT_FOUND',
        'There is no collection of this id in this workspace, or its source was deleted.',
      );
    }
    const { openQuarantineDigest: input } = original;
    if (input === null) throw new CodedError('CONFLICT', 'No row of this collection waits in quarantine.');
    checkCorrections(corrections, source.schema);
    return this.audit.transaction(context, async (transaction) => {
      const replay = { replayOf: original.id, corrections };
      const id = await this.intake.take(context, transaction, source, input, replay);
      const collection = await this.collectionRows.find(workspaceId, id, transaction.manager);
      if (collection === null) throw new Error(`The collection ${id} was just written.`);
      return collection;
    });
  }

  private async rowsOf(
    { engine, folder }: Workbench,
    open: readonly OpenQuarantine[],
    schema: DataSchema,
    criteria: QuarantineCriteria,
    place: RowPlace | undefined,
    limit: number,
  ): Promise<QuarantinedRow[]> {
    const control = { timeoutMs: this.settings.NESTOR_PREDICT_MAX_TIMEOUT_MS };
    const found: QuarantinedRow[] = [];
    for (const { id, digest } of open) {
      if (found.length === limit) break;
      const path = join(folder, `${id}.parquet`);
      await this.store.fetchTo(digest, path);
      const afterRow = place?.id === id ? place.row : 0;
      const sql = quarantinedStatement(path, criteria, afterRow, limit - found.length);
      found.push(...(await engine.rows(sql, [], control)).map((row) => shownRow(id, row, schema)));
    }
    return found;
  }
}

interface RowPlace {
  readonly createdAt: Date;
  readonly id: string;
  readonly row: number;
}

function placeOf(cursor: string): RowPlace {
  const [time, id, row] = decodeCursor(cursor, 3);
  const createdAt = new Date(String(time));
  if (Number.isNaN(createdAt.getTime()) || !UUID.test(String(id)) || !Number.isSafeInteger(row)) throw invalidCursor();
  return { createdAt, id: String(id), row: Number(row) };
}

function checkCorrections(corrections: readonly RowCorrection[], { columns }: DataSchema): void {
  const names = new Set(columns.map(({ name }) => name));
  const unknown = corrections.find(({ column }) => !names.has(column));
  if (unknown !== undefined) {
    throw new CodedError('INVALID_INPUT', `corrections: the data source has no column ${unknown.column}.`);
  }
}
