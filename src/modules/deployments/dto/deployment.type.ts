import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { connectionOf } from '../../../common/graphql/connection.js';
import type { Deployment } from '../deployment.js';
import type { Environment, LoggingPolicy, Variant, VariantRole as Role } from '../variant.js';
import { totalWeight } from '../variants.rules.js';
import { DeploymentEnvironment, VariantRole } from './deployment.enums.js';

@ObjectType('DeploymentVariant', { description: 'One model version of a deployment.' })
export class VariantType {
  @Field(() => String, { description: 'Name, unique in the deployment.' })
  readonly name: string;

  @Field(() => VariantRole, { description: 'What it does in the deployment.' })
  readonly role: Role;

  @Field(() => String, { description: 'Name of the registered model.' })
  readonly model: string;

  @Field(() => Int, { description: 'Version of the model.' })
  readonly version: number;

  @Field(() => Float, { description: 'Part of the traffic, relative to the other weights.' })
  readonly weight: number;

  @Field(() => Float, { description: 'Part of the traffic, from 0 to 1.' })
  readonly share: number;

  constructor({ name, role, model, version, weight }: Variant, total: number) {
    this.name = name;
    this.role = role;
    this.model = model;
    this.version = version;
    this.weight = weight;
    this.share = weight / total;
  }
}

@ObjectType('DeploymentLogging', { description: 'Which predictions of a deployment are logged, and how much of them.' })
export class LoggingType implements LoggingPolicy {
  @Field(() => Float, { description: 'Part of the predictions that are logged, from 0 to 1.' })
  readonly sampleRate!: number;

  @Field(() => Boolean, { description: 'Whether their inputs and outputs are kept.' })
  readonly keepPayloads!: boolean;
}

@ObjectType('Deployment', { description: 'A named endpoint over model versions, as of one revision.' })
export class DeploymentType {
  @Field(() => ID, { description: 'Id of the deployment.' })
  readonly id: string;

  @Field(() => String, { description: 'Name, unique in the workspace.' })
  readonly name: string;

  @Field(() => DeploymentEnvironment, { description: 'What it is for.' })
  readonly environment: Environment;

  @Field(() => String, { description: 'What it is, in words.' })
  readonly description: string;

  @Field(() => [VariantType], { description: 'The model versions, with their part of the traffic.' })
  readonly variants: readonly VariantType[];

  @Field(() => LoggingType, { description: 'Which predictions are logged.' })
  readonly logging: LoggingPolicy;

  @Field(() => Int, { description: 'Number of the revision: 1, 2, 3… Each change makes another one.' })
  readonly revision: number;

  @Field(() => Int, { nullable: true, description: 'The earlier revision that this one went back to, if any.' })
  readonly restores: number | null;

  @Field(() => String, { description: 'Why this revision was made.' })
  readonly reason: string;

  @Field(() => ID, { description: 'Id of the user or API key that made this revision, or `canary`.' })
  readonly revisedBy: string;

  @Field(() => Date, { description: 'When this revision went live.' })
  readonly revisedAt: Date;

  @Field(() => ID, { description: 'Id of the user or API key that created the deployment.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'When the deployment was created.' })
  readonly createdAt: Date;

  constructor(deployment: Deployment) {
    const total = totalWeight(deployment.variants);
    this.id = deployment.id;
    this.name = deployment.name;
    this.environment = deployment.environment;
    this.description = deployment.description;
    this.variants = deployment.variants.map((variant) => new VariantType(variant, total));
    this.logging = deployment.logging;
    this.revision = deployment.revision;
    this.restores = deployment.restores;
    this.reason = deployment.reason;
    this.revisedBy = deployment.revisedBy;
    this.revisedAt = deployment.revisedAt;
    this.createdBy = deployment.createdBy;
    this.createdAt = deployment.createdAt;
  }
}

@ObjectType({ description: 'A page of deployments.' })
export class DeploymentConnection extends connectionOf(DeploymentType, 'Deployment') {}
