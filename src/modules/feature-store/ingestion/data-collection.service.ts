import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { ArtifactService } from '../../registry/artifact.service.js';
import { takesFile } from '../sources/connections/connection.js';
import { DataSourceService } from '../sources/data-source.service.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { CollectionIntake } from './collection-intake.js';
import { CollectionLeases } from './collection-leases.js';
import { DataCollectionRepository } from './data-collection.repository.js';
import type { DataCollectionEntity } from './entities/data-collection.entity.js';

/** Most collections of one source that may wait. */
const MAX_OPEN = 100;

/** When it is worth asking again while too many wait, in milliseconds. */
const RETRY_AFTER_MS = 10_000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Takes collections that are asked for, and tells of them. */
@Injectable()
export class DataCollectionService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sources: DataSourceService,
    private readonly artifacts: ArtifactService,
    private readonly collections: DataCollectionRepository,
    private readonly leases: CollectionLeases,
    private readonly intake: CollectionIntake,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @param input digest of an uploaded file; null for a source that fetches what there is.
   * @returns the collection once it is recorded.
   * @throws {CodedError} NOT_FOUND, INVALID_INPUT, ARTIFACT_NOT_FOUND, OVERLOADED
   */
  async collect(context: ActorContext, name: string, input: string | null): Promise<DataCollectionEntity> {
    const source = await this.sources.get(context, name);
    checkInput(source, input);
    const digest = input === null ? null : (await this.artifacts.hold(context, input)).digest;
    return this.audit.transaction(context, async (transaction) => {
      const { manager } = transaction;
      if ((await this.collections.countOpen(manager, source.id)) >= MAX_OPEN) {
        throw new CodedError('OVERLOADED', `${MAX_OPEN} collections of ${name} wait already.`, {
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      const id = await this.intake.take(context, transaction, source, digest);
      const collection = await this.collections.find(context.actor.workspaceId, id, manager);
      if (collection === null) throw new Error(`The collection ${id} was just written.`);
      return collection;
    });
  }

  /** Nothing of it becomes visible from now on. @throws {CodedError} NOT_FOUND, CONFLICT where it has ended. */
  async cancel(context: ActorContext, id: string): Promise<DataCollectionEntity> {
    const { workspaceId } = context.actor;
    return this.audit.transaction(context, async (transaction) => {
      const { manager } = transaction;
      const isCancelled = UUID.test(id) && (await this.leases.cancel(transaction, workspaceId, id));
      const collection = UUID.test(id) ? await this.collections.find(workspaceId, id, manager) : null;
      if (collection === null) throw collectionNotFound(id);
      if (!isCancelled) {
        throw new CodedError('CONFLICT', `The collection has ended: it is ${collection.status}.`);
      }
      transaction.audit({ action: 'data-collection.cancel', resourceType: 'data-collection', resourceId: id });
      return collection;
    });
  }

  async find({ actor }: ActorContext, id: string): Promise<DataCollectionEntity | null> {
    return UUID.test(id) ? this.collections.find(actor.workspaceId, id) : null;
  }

  /** Newest first. @throws {CodedError} NOT_FOUND */
  async page(
    context: ActorContext,
    name: string,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<DataCollectionEntity>> {
    const source = await this.sources.get(context, name);
    return this.collections.page(source.id, pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE), after);
  }
}

export const collectionNotFound = (id: string): CodedError =>
  new CodedError('NOT_FOUND', `There is no collection ${JSON.stringify(id.slice(0, 64))} in this workspace.`);

function checkInput({ name, connection }: DataSourceEntity, input: string | null): void {
  if (takesFile(connection) === (input !== null)) return;
  throw new CodedError(
    'INVALID_INPUT',
    input === null
      ? `artifact: ${name} is told its files; upload one by PUT /api/artifacts and give its digest.`
      : `artifact: ${name} fetches its data by itself; leave the artifact out.`,
  );
}
