import { Injectable } from '@nestjs/common';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { JsonRow } from '../json-values.rules.js';
import { OnlineFeatures } from '../serving/online-features.js';
import { featureTensors } from './feature-tensors.rules.js';
import { completed } from './missing-features.rules.js';
import type { UsedFeatures } from './used-features.rules.js';

/** Of whom a prediction is asked. */
export interface AskedEntities {
  /** For each entity its join keys and, for on-demand features, fields of the request. */
  readonly entities: readonly JsonRow[];
  /** Fields of the request that hold for all entities that do not have them. */
  readonly request?: JsonRow | null | undefined;
}

export interface BoundInputs {
  /** The inputs of the model, a row for each entity. */
  readonly tensors: readonly Tensor[];
  readonly used: UsedFeatures;
}

/** Fills the inputs of bound model versions with features. */
@Injectable()
export class BoundFeatures {
  constructor(private readonly online: OnlineFeatures) {}

  /**
   * @throws {CodedError} CONFLICT where the version is not bound; FEATURES_MISSING;
   * INVALID_TENSOR where an input cannot hold a value; INVALID_INPUT and SERVICE_UNAVAILABLE as `OnlineFeatures.read`.
   */
  async inputsOf(workspaceId: string, target: ServableVersion, asked: AskedEntities): Promise<BoundInputs> {
    const binding = target.featureBinding ?? notBound(target);
    const { entities, request = null } = asked;
    if (entities.length === 0) throw new CodedError('INVALID_INPUT', 'entities: give at least one.');
    const { serviceVersionId, service, serviceVersion } = binding;
    const { features: columns } = await this.online.read(workspaceId, {
      selection: { serviceVersionId },
      entities,
      request: request ?? undefined,
    });
    const bound = new Set(binding.tensors.flatMap(({ features }) => features));
    const read = columns.filter(({ name }) => bound.has(name));
    const values = completed(binding, read);
    const features = read.map((column) => ({ ...column, used: values.get(column.name) ?? [] }));
    return {
      tensors: featureTensors(target, binding.tensors, values, entities.length),
      used: { serviceVersionId, service, serviceVersion, entities, request, features },
    };
  }
}

function notBound({ model, version }: ServableVersion): never {
  throw new CodedError(
    'CONFLICT',
    `Version ${version} of model ${JSON.stringify(model)} is not bound to a feature service. Bind it by ` +
      'bindFeatureService, or ask by inputs or records.',
  );
}
