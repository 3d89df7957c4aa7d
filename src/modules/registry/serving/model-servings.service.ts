import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import type { Digest } from '../../../common/storage/digest.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import type { AuditDetail } from '../../audit/audit-event.js';
import { RegistrySnapshot } from '../snapshot/registry-snapshot.js';
import type { ServableVersion } from '../snapshot/servable-version.js';
import { ModelServingRepository } from './model-serving.repository.js';
import type { ServedFile, ServingChange } from './served-file.js';

/** How versions are to be served: written here, read by everybody from the registry snapshot. */
@Injectable()
export class ModelServings {
  constructor(
    private readonly repository: ModelServingRepository,
    private readonly auditTrail: AuditTrail,
    private readonly snapshot: RegistrySnapshot,
  ) {}

  /** Changes how versions are served, all or none. When it settles this process sees the change, and others are told. */
  async change(
    context: ActorContext,
    changes: readonly (readonly [target: ServableVersion, change: ServingChange])[],
    action: string,
    detailOf: (change: ServingChange) => AuditDetail,
  ): Promise<void> {
    const { workspaceId } = context.actor;
    // In one order, so that two who change the same versions do not wait for each other.
    const ordered = changes.toSorted(([one], [other]) => (one.versionId < other.versionId ? -1 : 1));
    await this.auditTrail.transaction(context, async (transaction) => {
      for (const [{ versionId, model, version }, change] of ordered) {
        await this.repository.change(transaction.manager, { workspaceId, versionId }, change);
        transaction.audit({
          action,
          resourceType: 'model-version',
          resourceId: `${model}/${version}`,
          detail: detailOf(change),
        });
      }
      transaction.afterCommit(() => this.snapshot.changed(workspaceId));
    });
  }

  /** What is wanted of files of which something was said, by all workspaces. @param digest only of this file. */
  async files(digest?: Digest): Promise<ServedFile[]> {
    return this.repository.files(digest);
  }
}
