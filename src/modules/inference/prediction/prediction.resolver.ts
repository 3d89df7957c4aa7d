import { Args, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { ClientGone } from './client-gone.js';
import { PredictInput } from './dto/predict.input.js';
import { Prediction } from './dto/prediction.type.js';
import { PredictionService } from './prediction.service.js';

@Resolver(() => Prediction)
export class PredictionResolver {
  constructor(private readonly predictions: PredictionService) {}

  @RequirePermission('inference:predict')
  @Query(() => Prediction, { description: 'Runs a model on tensors or records and answers at once.' })
  async predict(
    @Context() context: ActorContext,
    @ClientGone() clientGone: AbortSignal | undefined,
    @Args('input', { description: 'What to predict, with which model.' }) input: PredictInput,
  ): Promise<Prediction> {
    return this.predictions.predict(context, input, clientGone);
  }
}
