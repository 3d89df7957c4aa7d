import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../common/access/actor.js';
import { CodedError } from '../../common/errors/coded-error.js';
import type { Digest } from '../../common/storage/digest.js';
import { AuditTrail } from '../audit/audit-trail.service.js';
import type { AuditedTransaction } from '../audit/audited-transaction.js';
import { ArtifactService } from './artifact.service.js';
import type { ModelVersionEntity } from './entities/model-version.entity.js';
import type { RegisteredModelEntity } from './entities/registered-model.entity.js';
import { ModelAliasRepository } from './model-alias.repository.js';
import { ModelIntake } from './model-intake.service.js';
import type { ModelMetadata } from './model-metadata.js';
import { assertMetadataFits } from './model-metadata.rules.js';
import type { ModelStage } from './model-stage.js';
import { ModelVersionRepository } from './model-version.repository.js';
import { planTransition } from './model-version.rules.js';
import { RegisteredModelRepository } from './registered-model.repository.js';
import { RegistrySnapshot } from './snapshot/registry-snapshot.js';
import { type Tag, tagsOf } from './tags.rules.js';

export interface NewVersion {
  readonly model: string;
  /** Digest of an artifact of the workspace. */
  readonly artifact: string;
  readonly description?: string | null | undefined;
  readonly tags?: readonly Tag[] | null | undefined;
  readonly metadata?: ModelMetadata | null | undefined;
}

export interface VersionName {
  readonly model: string;
  readonly version: number;
}

@Injectable()
export class ModelVersionService {
  constructor(
    private readonly models: RegisteredModelRepository,
    private readonly versions: ModelVersionRepository,
    private readonly aliases: ModelAliasRepository,
    private readonly artifacts: ArtifactService,
    private readonly intake: ModelIntake,
    private readonly auditTrail: AuditTrail,
    private readonly snapshot: RegistrySnapshot,
  ) {}

  /**
   * Makes the next version of a model of an uploaded artifact. Everything slow or likely to fail comes before the
   * transaction that takes the number.
   * @throws {CodedError} MODEL_NOT_FOUND, ARTIFACT_NOT_FOUND, INVALID_INPUT, and whatever is wrong with the file.
   */
  async create(context: ActorContext, input: NewVersion): Promise<ModelVersionEntity> {
    const { workspaceId, id: createdBy } = context.actor;
    const tags = tagsOf(input.tags ?? []);
    const metadata = input.metadata ?? {};
    const model = await this.requireModel(workspaceId, input.model);
    const artifact = await this.artifacts.hold(context, input.artifact);
    const { inputs, outputs, batchable, onnx } = await this.intake.examine(artifact);
    assertMetadataFits(metadata, { inputs, outputs });
    return this.auditTrail.transaction(context, async (transaction) => {
      const now = new Date();
      const version = await this.models.allocateVersion(transaction.manager, workspaceId, model.id, now);
      if (version === null) throw unknownModel(input.model);
      const created: ModelVersionEntity = {
        id: randomUUID(),
        workspaceId,
        modelId: model.id,
        version,
        digest: artifact.digest,
        sizeBytes: artifact.sizeBytes,
        stage: 'NONE',
        description: input.description ?? '',
        tags,
        metadata,
        signature: { inputs, outputs },
        batchable,
        onnx,
        createdBy,
        createdAt: now,
        updatedAt: now,
      };
      await this.versions.insert(transaction.manager, created);
      this.conclude(
        transaction,
        workspaceId,
        'model-version.create',
        { model: model.name, version },
        {
          digest: artifact.digest,
        },
      );
      return created;
    });
  }

  async find(context: ActorContext, { model: name, version }: VersionName): Promise<ModelVersionEntity | null> {
    const { workspaceId } = context.actor;
    const model = await this.models.findByName(workspaceId, name);
    return model === null ? null : this.versions.find(workspaceId, model.id, version);
  }

  /** The newest version of a model that holds these bytes. */
  async findByDigest(context: ActorContext, name: string, digest: Digest): Promise<ModelVersionEntity | null> {
    const { workspaceId } = context.actor;
    const model = await this.models.findByName(workspaceId, name);
    return model === null ? null : this.versions.newestWithDigest(workspaceId, model.id, digest);
  }

  /** Makes an alias, or moves it to another version. @throws {CodedError} MODEL_NOT_FOUND */
  async setAlias(context: ActorContext, input: VersionName & { readonly alias: string }): Promise<ModelVersionEntity> {
    const { workspaceId } = context.actor;
    const { alias, version } = input;
    return this.change(context, input, async (transaction, model, target) => {
      const now = new Date();
      await this.aliases.set(transaction.manager, { modelId: model.id, alias, workspaceId, version, updatedAt: now });
      this.conclude(transaction, workspaceId, 'model-alias.set', input, { alias });
      return target;
    });
  }

  /** @returns false when there was no such alias. @throws {CodedError} MODEL_NOT_FOUND when there is no such model. */
  async deleteAlias(
    context: ActorContext,
    input: { readonly model: string; readonly alias: string },
  ): Promise<boolean> {
    const { workspaceId } = context.actor;
    const model = await this.requireModel(workspaceId, input.model);
    return this.auditTrail.transaction(context, async (transaction) => {
      await this.models.touch(transaction.manager, workspaceId, model.id, new Date());
      const removed = await this.aliases.remove(transaction.manager, workspaceId, model.id, input.alias);
      const detail = { alias: input.alias, removed };
      transaction.audit({
        action: 'model-alias.delete',
        resourceType: 'registered-model',
        resourceId: model.name,
        detail,
      });
      transaction.afterCommit(() => this.snapshot.changed(workspaceId));
      return removed;
    });
  }

  /** Moves a version to a stage, see `planTransition`. @throws {CodedError} MODEL_NOT_FOUND */
  async transition(
    context: ActorContext,
    input: VersionName & { readonly stage: ModelStage; readonly archiveExisting: boolean },
  ): Promise<ModelVersionEntity> {
    const { workspaceId } = context.actor;
    return this.change(context, input, async (transaction, model, target) => {
      const { manager } = transaction;
      const now = new Date();
      const inProduction = await this.versions.inStage(manager, workspaceId, model.id, 'PRODUCTION');
      const changes = planTransition(target, input.stage, input.archiveExisting, inProduction);
      await this.versions.changeStages(manager, workspaceId, model.id, changes, now);
      const archived = changes.filter(({ version }) => version !== target.version).map(({ version }) => version);
      this.conclude(transaction, workspaceId, 'model-version.transition', input, {
        from: target.stage,
        to: input.stage,
        archived: archived.join(','),
      });
      return target.stage === input.stage ? target : Object.assign(target, { stage: input.stage, updatedAt: now });
    });
  }

  /**
   * Runs a change of one version, or of what belongs to it, with the model's row locked: changes of one model follow each other.
   * @throws {CodedError} MODEL_NOT_FOUND
   */
  async change<Result>(
    context: ActorContext,
    name: VersionName,
    work: (
      transaction: AuditedTransaction,
      model: RegisteredModelEntity,
      version: ModelVersionEntity,
    ) => Promise<Result>,
  ): Promise<Result> {
    const { workspaceId } = context.actor;
    const model = await this.requireModel(workspaceId, name.model);
    return this.auditTrail.transaction(context, async (transaction) => {
      await this.models.touch(transaction.manager, workspaceId, model.id, new Date());
      const version = await this.versions.findInTransaction(transaction.manager, workspaceId, model.id, name.version);
      if (version === null) {
        throw new CodedError('MODEL_NOT_FOUND', `Model ${JSON.stringify(name.model)} has no version ${name.version}.`);
      }
      return work(transaction, model, version);
    });
  }

  private conclude(
    transaction: AuditedTransaction,
    workspaceId: string,
    action: string,
    { model, version }: VersionName,
    detail: Readonly<Record<string, string>>,
  ): void {
    transaction.audit({ action, resourceType: 'model-version', resourceId: `${model}/${version}`, detail });
    transaction.afterCommit(() => this.snapshot.changed(workspaceId));
  }

  private async requireModel(workspaceId: string, name: string): Promise<RegisteredModelEntity> {
    const model = await this.models.findByName(workspaceId, name);
    if (model === null) throw unknownModel(name);
    return model;
  }
}

function unknownModel(name: string): CodedError {
  return new CodedError('MODEL_NOT_FOUND', `There is no model ${JSON.stringify(name)} in this workspace.`);
}
