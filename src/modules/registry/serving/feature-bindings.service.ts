import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { groupBy } from '../../../common/collections/group-by.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { RegistrySnapshot } from '../snapshot/registry-snapshot.js';
import type { ServableVersion } from '../snapshot/servable-version.js';
import { FeatureBindingRepository } from './feature-binding.repository.js';
import type { FeatureBinding } from './feature-binding.js';

/** A binding as it is kept. */
export interface KeptBinding extends FeatureBinding {
  /** Id of the model version. */
  readonly versionId: string;
  /** Id of the user or API key. */
  readonly boundBy: string;
  readonly boundAt: Date;
}

type VersionName = Pick<ServableVersion, 'versionId' | 'model' | 'version'>;

/** What model versions are bound to: written here, read by predictions from the registry snapshot. */
@Injectable()
export class FeatureBindings {
  constructor(
    private readonly repository: FeatureBindingRepository,
    private readonly auditTrail: AuditTrail,
    private readonly snapshot: RegistrySnapshot,
  ) {}

  /** Takes the place of what the version was bound to. When it settles this process sees it, and others are told. */
  async bind(
    context: ActorContext,
    { versionId, model, version }: VersionName,
    { serviceVersionId, service, serviceVersion, tensors, missing, defaults }: FeatureBinding,
  ): Promise<void> {
    const { workspaceId, id: boundBy } = context.actor;
    await this.auditTrail.transaction(context, async (transaction) => {
      await this.repository.save(transaction.manager, {
        versionId,
        workspaceId,
        serviceVersionId,
        service,
        serviceVersion,
        tensors,
        missing,
        defaults,
        boundBy,
        boundAt: new Date(),
      });
      transaction.audit({
        action: 'model-version.bind-features',
        resourceType: 'model-version',
        resourceId: `${model}/${version}`,
        detail: { service, serviceVersion, missing },
      });
      transaction.afterCommit(() => this.snapshot.changed(workspaceId));
    });
  }

  /** @throws {CodedError} CONFLICT where it is not bound. */
  async unbind(context: ActorContext, { versionId, model, version }: VersionName): Promise<void> {
    const { workspaceId } = context.actor;
    await this.auditTrail.transaction(context, async (transaction) => {
      if (!(await this.repository.delete(transaction.manager, workspaceId, versionId))) {
        throw new CodedError('CONFLICT', `Version ${version} of model ${JSON.stringify(model)} is not bound.`);
      }
      transaction.audit({
        action: 'model-version.unbind-features',
        resourceType: 'model-version',
        resourceId: `${model}/${version}`,
        detail: {},
      });
      transaction.afterCommit(() => this.snapshot.changed(workspaceId));
    });
  }

  /** By id of the model version, for those that are bound. */
  async ofVersions({ actor }: ActorContext, versionIds: readonly string[]): Promise<Map<string, KeptBinding>> {
    const found = await this.repository.ofVersions(actor.workspaceId, versionIds);
    return new Map(found.map((binding) => [binding.versionId, binding]));
  }

  /** By name of the service: the newest `limit` bindings to any of its versions, newest first. */
  async ofServices(
    { actor }: ActorContext,
    services: readonly string[],
    limit: number,
  ): Promise<Map<string, KeptBinding[]>> {
    const found: readonly KeptBinding[] = await this.repository.newest(actor.workspaceId, 'service', services, limit);
    return groupBy(found, ({ service }) => service);
  }

  /** By id of the version of the service: the newest `limit` bindings to it, newest first. */
  async ofServiceVersions(
    { actor }: ActorContext,
    ids: readonly string[],
    limit: number,
  ): Promise<Map<string, KeptBinding[]>> {
    const found: readonly KeptBinding[] = await this.repository.newest(
      actor.workspaceId,
      'serviceVersionId',
      ids,
      limit,
    );
    return groupBy(found, ({ serviceVersionId }) => serviceVersionId);
  }
}
