import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { type RewardKind as Kind, rewardKinds } from '../comparison/comparison.rules.js';
import type { ComparedVariant, DeploymentComparison, MeasuredVariant } from '../comparison/comparison.service.js';
import type { TestResult } from '../comparison/tests.rules.js';
import type { VariantRole as Role } from '../variant.js';
import { VariantRole } from './deployment.enums.js';

const RewardKind = Object.fromEntries(rewardKinds.map((kind) => [kind, kind]));

registerEnumType(RewardKind, {
  name: 'RewardKind',
  description: 'What kind of numbers rewards are; it chooses the test.',
  valuesMap: {
    BINARY: { description: 'Only 0 and 1: two-proportion z test, with the interval of Newcombe.' },
    REAL: { description: "Any numbers: Welch's t test." },
  },
});

@ObjectType('VariantResults', { description: 'What the log and the feedback say of a variant.' })
export class VariantResultsType {
  @Field(() => String, { description: 'Name of the variant.' })
  readonly variant: string;

  @Field(() => VariantRole, { description: 'What it does in the deployment.' })
  readonly role: Role;

  @Field(() => String, { description: 'Name of the registered model.' })
  readonly model: string;

  @Field(() => Int, { description: 'Version of the model.' })
  readonly version: number;

  @Field(() => Int, { description: 'Logged predictions.' })
  readonly predictions: number;

  @Field(() => Int, {
    description: 'Those that failed for a reason that may lie with the version, not with the caller.',
  })
  readonly faults: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Latency that 99 % of the answers stayed within, in milliseconds.',
  })
  readonly p99Ms: number | null;

  @Field(() => Int, { description: 'Predictions with feedback: the size of the sample.' })
  readonly samples: number;

  @Field(() => Float, { nullable: true, description: 'Mean reward; of rewards of 0 and 1 the rate of success.' })
  readonly meanReward: number | null;

  constructor({ variant, results }: MeasuredVariant) {
    this.variant = variant.name;
    this.role = variant.role;
    this.model = variant.model;
    this.version = variant.version;
    this.predictions = results.predictions;
    this.faults = results.faults;
    this.p99Ms = results.p99Ms;
    this.samples = results.rewards.count;
    this.meanReward = results.rewards.count === 0 ? null : results.rewards.mean;
  }
}

@ObjectType('TestResult', { description: 'What a statistical test says of an effect.' })
export class TestResultType {
  @Field(() => Float, { description: 'How likely at least such an effect would be by chance.' })
  readonly pValue: number;

  @Field(() => Float, { description: 'Lower end of the 95 % confidence interval of the effect.' })
  readonly low: number;

  @Field(() => Float, { description: 'Upper end of the 95 % confidence interval of the effect.' })
  readonly high: number;

  constructor({ pValue, interval }: TestResult) {
    this.pValue = pValue;
    this.low = interval.low;
    this.high = interval.high;
  }
}

@ObjectType('VariantComparison', { description: 'A challenger or shadow against the champion.' })
export class VariantComparisonType {
  @Field(() => VariantResultsType, { description: 'What is known of the challenger or shadow.' })
  readonly contender: VariantResultsType;

  @Field(() => RewardKind, { description: 'What kind of numbers the rewards of both are.' })
  readonly kind: Kind;

  @Field(() => Float, { nullable: true, description: "Its mean reward less the champion's." })
  readonly effect: number | null;

  @Field(() => TestResultType, {
    nullable: true,
    description:
      'The always-valid test (a mixture sequential probability ratio test): it may be looked at as often as one likes. ' +
      'Null below 30 rewards of each.',
  })
  readonly sequential: TestResultType | null;

  @Field(() => TestResultType, {
    nullable: true,
    description:
      'The usual test for this kind of reward, right only for one look at a number of samples that was fixed before. ' +
      'Null below 30 rewards of each.',
  })
  readonly singleLook: TestResultType | null;

  @Field(() => Boolean, { description: 'Whether the always-valid test finds an effect, at a level of 5 %.' })
  readonly isSignificant: boolean;

  constructor(compared: ComparedVariant) {
    const { kind, effect, sequential, single, isSignificant } = compared.comparison;
    this.contender = new VariantResultsType(compared);
    this.kind = kind;
    this.effect = effect;
    this.sequential = sequential && new TestResultType(sequential);
    this.singleLook = single && new TestResultType(single);
    this.isSignificant = isSignificant;
  }
}

@ObjectType('DeploymentComparison', { description: 'How the variants of a deployment compare with its champion.' })
export class DeploymentComparisonType {
  @Field(() => String, { description: 'Name of the deployment.' })
  readonly deployment: string;

  @Field(() => Int, { description: 'The revision whose variants are compared.' })
  readonly revision: number;

  @Field(() => Date, { description: 'From when on predictions count.' })
  readonly since: Date;

  @Field(() => VariantResultsType, { description: 'What is known of the champion.' })
  readonly champion: VariantResultsType;

  @Field(() => [VariantComparisonType], { description: 'Each challenger and shadow against the champion.' })
  readonly comparisons: readonly VariantComparisonType[];

  constructor({ deployment, since, champion, contenders }: DeploymentComparison) {
    this.deployment = deployment.name;
    this.revision = deployment.revision;
    this.since = since;
    this.champion = new VariantResultsType(champion);
    this.comparisons = contenders.map((contender) => new VariantComparisonType(contender));
  }
}
