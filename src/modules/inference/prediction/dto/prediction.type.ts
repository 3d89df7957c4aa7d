import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import type { UsedFeatures } from '../../../feature-store/bindings/used-features.rules.js';
import { Tensor } from './tensor.type.js';

@ObjectType({ description: 'How probable one class is.' })
export class ClassProbability {
  @Field(() => String, { description: 'Name of the class.' })
  label!: string;

  @Field(() => Float, { description: 'From 0 to 1.' })
  probability!: number;
}

@ObjectType({ description: 'What the model says of one record.' })
export class RecordPrediction {
  @Field(() => String, { nullable: true, description: 'The predicted class, where the model has classes.' })
  label!: string | null;

  @Field(() => Float, { nullable: true, description: 'Probability of the label, where the model tells it.' })
  probability!: number | null;

  @Field(() => [ClassProbability], {
    nullable: true,
    description: "Probability of every class, in the model's order, after its activation. Null where it tells none.",
  })
  probabilities!: readonly ClassProbability[] | null;

  @Field(() => GraphQLJSONObject, {
    description:
      "The model's raw outputs for this record by name: a single value, or lists nested as its shape. Outputs too large " +
      'for JSON are left out.',
  })
  values!: Readonly<Record<string, unknown>>;
}

/** What a prediction holds besides its outputs. */
export interface PredictionFacts {
  readonly requestId: string;
  readonly model: string;
  readonly version: number;
  readonly inferenceMs: number;
  readonly queueMs: number;
  readonly batchRows: number;
  readonly executor: string;
  readonly fromCache: boolean;
  /** Null where a model was asked for by its own name. */
  readonly deployment: string | null;
  readonly variant: string | null;
  readonly predictionId: string | null;
  /** What its inputs were made of; null where they were given. */
  readonly used: UsedFeatures | null;
}

/** Outputs are written only where they are asked for. `features` is resolved on its own, by another permission. */
@ObjectType({ description: 'The answer of a model.' })
export class Prediction implements PredictionFacts {
  @Field(() => ID, { description: "The caller's id of the request, or the one that it was given." })
  readonly requestId: string;

  @Field(() => String, { description: 'Name of the model that answered.' })
  readonly model: string;

  @Field(() => Int, { description: 'Version of the model that answered.' })
  readonly version: number;

  @Field(() => [Tensor], { description: "The model's outputs." })
  readonly outputs: readonly Tensor[];

  @Field(() => Float, { description: 'Time that the model ran, for the whole batch, in milliseconds.' })
  readonly inferenceMs: number;

  @Field(() => Float, { description: 'Time that the request waited for its executor, in milliseconds.' })
  readonly queueMs: number;

  @Field(() => Int, { description: 'Rows of the batch that the request ran in, its own included.' })
  readonly batchRows: number;

  @Field(() => String, { description: 'Id of the executor that ran the model.' })
  readonly executor: string;

  @Field(() => Boolean, { description: 'Whether the answer was remembered from an earlier, equal request.' })
  readonly fromCache: boolean;

  @Field(() => String, { nullable: true, description: 'Name of the deployment that was asked, if any.' })
  readonly deployment: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the variant of the deployment that answered.' })
  readonly variant: string | null;

  @Field(() => ID, { nullable: true, description: 'Id under which the prediction is logged; null where it is not.' })
  readonly predictionId: string | null;

  readonly used: UsedFeatures | null;

  private told: readonly RecordPrediction[] | null | undefined;

  constructor(
    facts: PredictionFacts,
    outputs: readonly Tensor[],
    private readonly tellRecords: () => readonly RecordPrediction[] | null,
  ) {
    this.requestId = facts.requestId;
    this.model = facts.model;
    this.version = facts.version;
    this.inferenceMs = facts.inferenceMs;
    this.queueMs = facts.queueMs;
    this.batchRows = facts.batchRows;
    this.executor = facts.executor;
    this.fromCache = facts.fromCache;
    this.deployment = facts.deployment;
    this.variant = facts.variant;
    this.predictionId = facts.predictionId;
    this.used = facts.used;
    this.outputs = outputs;
  }

  @Field(() => [RecordPrediction], {
    nullable: true,
    description: 'One for each record, where the model has labels or named outputs, or records were given.',
  })
  get predictions(): readonly RecordPrediction[] | null {
    this.told ??= this.tellRecords();
    return this.told;
  }
}
