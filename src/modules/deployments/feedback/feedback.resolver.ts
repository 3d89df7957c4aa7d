import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { FeedbackType, RecordFeedbackInput } from '../dto/feedback.dto.js';
import { FeedbackService } from './feedback.service.js';

@Resolver(() => FeedbackType)
export class FeedbackResolver {
  constructor(private readonly feedback: FeedbackService) {}

  @RequirePermission('feedback:record')
  @Mutation(() => FeedbackType, {
    description:
      'Records what became of a prediction, once. The same again changes nothing; something else is refused.',
  })
  async recordFeedback(
    @Context() context: ActorContext,
    @Args('input', { description: 'The prediction and what became of it.' })
    { predictionId, label, reward }: RecordFeedbackInput,
  ): Promise<FeedbackType> {
    const content = { label: label ?? null, reward: reward ?? null };
    return new FeedbackType(await this.feedback.record(context, predictionId, content));
  }
}
