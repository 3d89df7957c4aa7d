import { Field, Float, ID, InputType, ObjectType } from '@nestjs/graphql';
import { IsNumber, IsOptional, Length, Matches } from 'class-validator';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../registry/names.rules.js';
import type { Feedback } from '../feedback/feedback.js';

@InputType({ description: 'What became of a prediction. Give `label` or `reward`.' })
export class RecordFeedbackInput {
  @Field(() => ID, { description: 'Id of the prediction, as its answer told.' })
  predictionId!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The class that was right: worth 1 where it was predicted, else 0. Needs a deployment that keeps payloads.',
  })
  @IsOptional()
  @Length(1, 1_000)
  @Matches(STORABLE_TEXT, { message: `label ${STORABLE_TEXT_RULE}` })
  label?: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'What the answer was worth: 0 and 1 for failure and success, or any number.',
  })
  @IsOptional()
  @IsNumber()
  reward?: number | null;
}

@ObjectType('PredictionFeedback', { description: 'What became of a prediction.' })
export class FeedbackType {
  @Field(() => ID, { description: 'Id of the prediction.' })
  readonly predictionId: string;

  @Field(() => String, { nullable: true, description: 'The class that was right.' })
  readonly label: string | null;

  @Field(() => Float, { nullable: true, description: 'What the answer was worth.' })
  readonly reward: number | null;

  @Field(() => Date, { description: 'When it was recorded first.' })
  readonly createdAt: Date;

  constructor({ predictionId, label, reward, createdAt }: Feedback) {
    this.predictionId = predictionId;
    this.label = label;
    this.reward = reward;
    this.createdAt = createdAt;
  }
}
