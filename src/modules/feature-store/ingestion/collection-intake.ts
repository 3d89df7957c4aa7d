import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import type { Digest } from '../../../common/storage/digest.js';
import type { AuditedTransaction } from '../../audit/audit-trail.service.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { CollectionQueue } from './collection-queue.js';
import { DataCollectionRepository } from './data-collection.repository.js';
import type { DataCollectionEntity } from './entities/data-collection.entity.js';

/** Of which collection rows are taken again, and what in place of their values; or whether rows were pushed. */
type Origin = Pick<DataCollectionEntity, 'replayOf' | 'corrections' | 'isPushed'>;

/** Records collections, and tells the queue of them once they are; the sweeper queues what the queue did not hear. */
@Injectable()
export class CollectionIntake {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly collections: DataCollectionRepository,
    private readonly queue: CollectionQueue,
  ) {}

  /** @param options whether the file holds pushed rows, whatever the source's own data is. @returns the id of the collection. */
  async take(
    { actor, requestId }: ActorContext,
    transaction: AuditedTransaction,
    source: DataSourceEntity,
    input: Digest | null,
    { replayOf = null, corrections = null, isPushed = false }: Partial<Origin> = {},
  ): Promise<string> {
    const id = randomUUID();
    await this.collections.insert(transaction.manager, {
      id,
      workspaceId: source.workspaceId,
      sourceId: source.id,
      inputDigest: input,
      isPushed,
      maxAttempts: this.settings.NESTOR_JOB_ATTEMPTS,
      requestId,
      replayOf,
      corrections,
      requestedBy: { kind: actor.kind, id: actor.id, name: actor.name },
    });
    transaction.audit({
      action: 'data-source.collect',
      resourceType: 'data-source',
      resourceId: source.name,
      detail: { collection: id, ...(input !== null && { input }), ...(replayOf !== null && { replayOf }) },
    });
    transaction.afterCommit(async () => {
      await this.queue.add([{ id, generation: 1, priority: 0, delayMs: 0 }]);
    });
    return id;
  }
}
