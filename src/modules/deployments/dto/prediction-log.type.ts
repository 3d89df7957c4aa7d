import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLJSON } from 'graphql-scalars';
import { connectionOf } from '../../../common/graphql/connection.js';
import { UsedFeaturesType } from '../../feature-store/bindings/dto/used-features.type.js';
import type { LoggedPrediction } from '../log/logged-prediction.js';
import type { VariantRole as Role } from '../variant.js';
import { VariantRole } from './deployment.enums.js';

@ObjectType('LoggedPrediction', { description: 'A prediction of a deployment, as it was logged.' })
export class LoggedPredictionType {
  @Field(() => ID, { description: 'Id of the prediction.' })
  readonly id: string;

  @Field(() => ID, { nullable: true, description: 'Of a shadow: id of the prediction that was answered in its place.' })
  readonly primaryId: string | null;

  @Field(() => String, { description: 'Name of the deployment.' })
  readonly deployment: string;

  @Field(() => String, { description: 'Name of the variant.' })
  readonly variant: string;

  @Field(() => VariantRole, { description: 'What the variant did in the deployment.' })
  readonly role: Role;

  @Field(() => String, { description: 'Name of the registered model.' })
  readonly model: string;

  @Field(() => Int, { description: 'Version of the model.' })
  readonly version: number;

  @Field(() => ID, { description: "The caller's id of the request, or the one that it was given." })
  readonly requestId: string;

  @Field(() => Float, { description: 'Time from the request to its answer, in milliseconds.' })
  readonly latencyMs: number;

  @Field(() => String, { nullable: true, description: 'Code of the error; null where it succeeded.' })
  readonly errorCode: string | null;

  @Field(() => Boolean, { description: 'Whether the sample took it; else it is logged because a canary runs.' })
  readonly sampled: boolean;

  @Field(() => GraphQLJSON, {
    nullable: true,
    description: 'Input tensors, where the deployment keeps them. Of large ones the data is null.',
  })
  readonly inputs: unknown;

  @Field(() => GraphQLJSON, {
    nullable: true,
    description: 'Output tensors, where the deployment keeps them. Of large ones the data is null.',
  })
  readonly outputs: unknown;

  @Field(() => UsedFeaturesType, {
    nullable: true,
    description:
      'The features that were used, where it was asked by entity. Values only where the deployment keeps inputs.',
  })
  readonly features: UsedFeaturesType | null;

  @Field(() => String, {
    nullable: true,
    description: 'The predicted class, where outputs are kept and the prediction is of one record.',
  })
  readonly label: string | null;

  @Field(() => Date, { description: 'When the prediction ended.' })
  readonly createdAt: Date;

  constructor(prediction: LoggedPrediction) {
    this.id = prediction.id;
    this.primaryId = prediction.primaryId;
    this.deployment = prediction.deployment;
    this.variant = prediction.variant;
    this.role = prediction.role;
    this.model = prediction.model;
    this.version = prediction.version;
    this.requestId = prediction.requestId;
    this.latencyMs = prediction.latencyMs;
    this.errorCode = prediction.errorCode;
    this.sampled = prediction.sampled;
    this.inputs = prediction.inputs;
    this.outputs = prediction.outputs;
    this.features = prediction.features && new UsedFeaturesType(prediction.features);
    this.label = prediction.label;
    this.createdAt = prediction.createdAt;
  }
}

@ObjectType({ description: 'A page of logged predictions.' })
export class LoggedPredictionConnection extends connectionOf(LoggedPredictionType, 'LoggedPrediction') {}
