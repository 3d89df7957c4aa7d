import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { groupBy } from '../../../common/collections/group-by.js';
import { FeatureBindings } from '../../registry/serving/feature-bindings.service.js';
import { DependentModelsRepository, type ModelOrigin, type ModelUse } from './dependent-models.repository.js';

/** Model versions that stem from data: trained on what was made of it, or bound to a service with features of it. */
@Injectable()
export class DependentModels {
  constructor(
    private readonly repository: DependentModelsRepository,
    private readonly bindings: FeatureBindings,
  ) {}

  /**
   * Ids of model versions, for each key at most `size`: those of which this was said last come first.
   * @param keys ids of what is asked about.
   */
  async of(
    context: ActorContext,
    origin: ModelOrigin,
    keys: readonly string[],
    size: number,
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const trained = await this.repository.trained(context.actor.workspaceId, origin, keys, size);
    const bound = origin === 'TRAINING_SET' ? [] : await this.bound(context, origin, keys, size);
    const uses = groupBy([...trained, ...bound], ({ key }) => key);
    return new Map([...uses].map(([key, found]) => [key, newest(found).slice(0, size)]));
  }

  private async bound(
    context: ActorContext,
    origin: Exclude<ModelOrigin, 'TRAINING_SET'>,
    keys: readonly string[],
    size: number,
  ): Promise<readonly (ModelUse & { readonly key: string })[]> {
    const services = await this.repository.services(context.actor.workspaceId, origin, keys);
    const ids = [...new Set(services.map(({ id }) => id))];
    const bindings = await this.bindings.ofServiceVersions(context, ids, size);
    return services.flatMap(({ key, id }) =>
      (bindings.get(id) ?? []).map(({ versionId, boundAt }) => ({ key, versionId, at: boundAt })),
    );
  }
}

const newest = (uses: readonly ModelUse[]): string[] => [
  ...new Set(uses.toSorted((one, other) => other.at.getTime() - one.at.getTime()).map(({ versionId }) => versionId)),
];
