import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isForeignKeyViolation } from '../../../common/database/database-errors.rules.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { DataUsageEntity } from './entities/data-usage.entity.js';
import { FeatureViewUsageEntity } from './entities/feature-view-usage.entity.js';
import type { DataUser, Usage } from './usage.js';

/** Remembers what was made of which data: of snapshots, which are kept for it, and of versions of feature views. */
@Injectable()
export class UsageRepository {
  /** @throws {CodedError} CONFLICT where a snapshot is not there any more. */
  async add(manager: EntityManager, { kind, id: usedBy }: DataUser, { snapshots, views }: Usage): Promise<void> {
    const used = snapshots.map(({ sourceId, version }) => ({ kind, usedBy, sourceId, version }));
    try {
      await manager.insert(DataUsageEntity, used);
    } catch (error) {
      if (!isForeignKeyViolation(error, 'data_usages_snapshot_fkey')) throw error;
      throw new CodedError('CONFLICT', 'A snapshot that is needed was just deleted. Try again.', { cause: error });
    }
    const uses = views.map((viewVersionId) => ({ kind, usedBy, viewVersionId }));
    if (uses.length > 0) await manager.insert(FeatureViewUsageEntity, uses);
  }

  /** Forgets what was not made after all: its snapshots need not be kept for it. */
  async remove(manager: EntityManager, { kind, id: usedBy }: DataUser): Promise<void> {
    await manager.delete(DataUsageEntity, { kind, usedBy });
    await manager.delete(FeatureViewUsageEntity, { kind, usedBy });
  }
}
