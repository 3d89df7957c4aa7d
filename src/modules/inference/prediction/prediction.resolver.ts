import { Inject } from '@nestjs/common';
import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { UsedFeaturesType } from '../../feature-store/bindings/dto/used-features.type.js';
import { featureRecord } from '../../feature-store/bindings/used-features.rules.js';
import { ClientGone } from './client-gone.js';
import { PredictInput } from './dto/predict.input.js';
import { Prediction } from './dto/prediction.type.js';
import { predictionLimits } from './prediction-limits.js';
import { PredictionService } from './prediction.service.js';
import { presentPrediction } from './present-prediction.js';
import { isGiven, type PredictionLimits } from './request.rules.js';

@Resolver(() => Prediction)
export class PredictionResolver {
  private readonly limits: PredictionLimits;

  constructor(
    private readonly predictions: PredictionService,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.limits = predictionLimits(settings);
  }

  @RequirePermission('inference:predict')
  @Query(() => Prediction, { description: 'Runs a model on tensors or records and answers at once.' })
  async predict(
    @Context() context: ActorContext,
    @ClientGone() clientGone: AbortSignal | undefined,
    @Args('input', { description: 'What to predict, with which model.' }) input: PredictInput,
  ): Promise<Prediction> {
    const { requestId, target, route, predictionId, rows, features, result } = await this.predictions.infer(
      context,
      input,
      clientGone,
    );
    const { model, version } = target;
    const { deployment, variant } = route ?? { deployment: null, variant: null };
    const { executor, fromCache = false } = result;
    const facts = { requestId, model, version, executor, fromCache, deployment, variant, predictionId, used: features };
    return presentPrediction(facts, result, {
      model: target,
      encoding: input.encoding ?? null,
      withRecords: isGiven(input.records) || features !== null,
      rows,
      maxJsonElements: this.limits.maxJsonElements,
    });
  }

  /** Apart from the prediction: who may ask a model need not be allowed to read features. */
  @RequirePermission('data:read')
  @ResolveField(() => UsedFeaturesType, {
    nullable: true,
    description: 'The features that were used, where it was asked by entity.',
  })
  features(@Parent() { used }: Prediction): UsedFeaturesType | null {
    return used && new UsedFeaturesType(featureRecord(used, { values: true, statuses: true }));
  }
}
