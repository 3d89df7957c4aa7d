import { Args, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { ModelVersionType } from '../../registry/dto/model-version.type.js';
import { ModelVersionService } from '../../registry/model-version.service.js';
import { HistoricalFeaturesJobType } from '../offline/jobs/dto/historical-features-job.type.js';
import { SetTrainingSetsInput } from './dto/training-set.input.js';
import { LineageLoaders } from './lineage.loaders.js';
import { TrainingSetService } from './training-set.service.js';

/** From a model version to the training sets that it was trained on. */
@Resolver(() => ModelVersionType)
export class TrainingSetResolver {
  constructor(
    private readonly trainingSetService: TrainingSetService,
    private readonly versions: ModelVersionService,
    private readonly loaders: LineageLoaders,
  ) {}

  @RequirePermission('model:write')
  @Mutation(() => ModelVersionType, {
    description: 'Says which training sets a model version was trained on, in place of what was said before.',
  })
  async setTrainingSets(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version and its training sets.' }) input: SetTrainingSetsInput,
  ): Promise<ModelVersionType> {
    const { model, version, trainingSets } = input;
    await this.trainingSetService.set(context, { model, version }, trainingSets);
    const found = await this.versions.find(context, input);
    if (found === null) throw new CodedError('MODEL_NOT_FOUND', 'The version was deleted meanwhile.');
    return new ModelVersionType(found);
  }

  @RequirePermission('data:read')
  @ResolveField(() => [HistoricalFeaturesJobType], {
    description: 'The training sets that it was trained on, as `setTrainingSets` said, newest first.',
  })
  async trainingSets(
    @Parent() { id }: ModelVersionType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<HistoricalFeaturesJobType[]> {
    const jobs = await this.loaders.trainingSetsOf(scope, context, id);
    return jobs.map((job) => new HistoricalFeaturesJobType(job));
  }
}
