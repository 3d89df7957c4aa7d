import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { BoundTensor, MissingFeaturePolicy } from '../../registry/serving/feature-binding.js';
import { FeatureBindings } from '../../registry/serving/feature-bindings.service.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import type { FeatureServiceVersion } from '../definitions/feature-service.js';
import { FeatureServiceRepository } from '../definitions/feature-service.repository.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import type { TypedColumn } from '../value-types.js';
import { boundTensors } from './feature-binding.rules.js';
import { checkedDefaults } from './missing-features.rules.js';

interface VersionName {
  readonly model: string;
  readonly version: number;
}

export interface NewBinding extends VersionName {
  /** Name of the feature service. */
  readonly service: string;
  /** The newest, unless given. */
  readonly serviceVersion?: number | null | undefined;
  /** Null for what fits by default, see `boundTensors`. */
  readonly tensors: readonly BoundTensor[] | null;
  readonly missing: MissingFeaturePolicy;
  readonly defaults?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Binds model versions to the feature services that fill their inputs. */
@Injectable()
export class FeatureBindingService {
  constructor(
    private readonly registry: RegistrySnapshot,
    private readonly bindings: FeatureBindings,
    private readonly services: FeatureServiceRepository,
    private readonly views: FeatureViewRepository,
  ) {}

  /**
   * Takes the place of what the version was bound to. Predictions that are under way end as they began.
   * @throws {CodedError} MODEL_NOT_FOUND; NOT_FOUND where there is no such feature service; INVALID_INPUT where its features
   * do not fit the model's inputs, or defaults do not fit the features.
   */
  async bind(context: ActorContext, given: NewBinding): Promise<void> {
    const { workspaceId } = context.actor;
    const target = await this.registry.resolve(workspaceId, given);
    const service = await this.serviceOf(workspaceId, given);
    const features = await this.featuresOf(service);
    const tensors = boundTensors(target, features, given.tensors);
    const used = features.filter(({ name }) => tensors.some((tensor) => tensor.features.includes(name)));
    await this.bindings.bind(context, target, {
      serviceVersionId: service.id,
      service: service.name,
      serviceVersion: service.version,
      tensors,
      missing: given.missing,
      defaults: checkedDefaults(given.missing, given.defaults ?? {}, used),
    });
  }

  /** @throws {CodedError} MODEL_NOT_FOUND; CONFLICT where it is not bound. */
  async unbind(context: ActorContext, name: VersionName): Promise<void> {
    await this.bindings.unbind(context, await this.registry.resolve(context.actor.workspaceId, name));
  }

  private async serviceOf(
    workspaceId: string,
    { service: name, serviceVersion }: NewBinding,
  ): Promise<FeatureServiceVersion> {
    const service = await this.services.find(workspaceId, name, serviceVersion ?? undefined);
    if (service !== null) return service;
    const which = serviceVersion == null ? '' : ` with a version ${serviceVersion}`;
    throw new CodedError(
      'NOT_FOUND',
      `There is no feature service ${JSON.stringify(name.slice(0, 128))}${which} in this workspace.`,
    );
  }

  /** The features of a service by the names it gives them, in order. */
  private async featuresOf({ workspaceId, features }: FeatureServiceVersion): Promise<TypedColumn[]> {
    const views = await this.views.findVersions(
      workspaceId,
      features.map(({ viewVersionId }) => viewVersionId),
    );
    return features.map(({ viewVersionId, feature, as }) => {
      const type = views.get(viewVersionId)?.features.find(({ name }) => name === feature)?.type;
      if (type === undefined) throw new TypeError(`Feature ${feature} of view ${viewVersionId} is not there.`);
      return { name: as, type };
    });
  }
}
