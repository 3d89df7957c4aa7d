import { Field, Float, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import type { ParityReport } from '../parity-report.js';
import { type ParityDifferenceKind, parityDifferenceKinds } from '../parity.rules.js';

const ParityDifferenceKindEnum: { readonly [Name in ParityDifferenceKind]: Name } = enumOf(parityDifferenceKinds);

registerEnumType(ParityDifferenceKindEnum, {
  name: 'ParityDifferenceKind',
  description: 'How what is online differs from what is offline.',
  valuesMap: {
    MISSING: { description: 'Nothing is known online of an entity that was materialized.' },
    OLDER: { description: 'The row online has an older event time.' },
    STATUS: { description: 'A value is null, stale or there on one side only.' },
    VALUE: { description: 'A value is another one; numbers by more than a billionth.' },
  },
});

@ObjectType('ParityDifference', { description: 'Something that is different, and in how many of the sampled rows.' })
export class ParityDifferenceType {
  @Field(() => ParityDifferenceKindEnum, { description: 'How it differs.' })
  kind!: ParityDifferenceKind;

  @Field(() => String, { nullable: true, description: 'The feature; null where the row as a whole differs.' })
  feature!: string | null;

  @Field(() => Float, { description: 'In how many rows.' })
  rows!: number;
}

@ObjectType('FeatureParity', { description: 'Whether samples of a feature view are online as they are offline.' })
export class FeatureParityType {
  @Field(() => Date, { description: 'When it was looked at.' })
  readonly checkedAt: Date;

  @Field(() => Int, { description: 'The version of the view that was materialized last.' })
  readonly viewVersion: number;

  @Field(() => ID, { description: 'The materialization whose rows were looked for.' })
  readonly materialization: string;

  @Field(() => Float, { description: 'Entities that were compared, taken at random.' })
  readonly sampled: number;

  @Field(() => Float, { description: 'Of these, those that are the same.' })
  readonly equal: number;

  @Field(() => Float, { description: 'Of these, those of which something newer is online, such as by a push.' })
  readonly newer: number;

  @Field(() => Float, { description: 'Of these, those that differ.' })
  readonly different: number;

  @Field(() => [ParityDifferenceType], { description: 'What differs.' })
  readonly differences: readonly ParityDifferenceType[];

  constructor(report: ParityReport, checkedAt: Date) {
    this.checkedAt = checkedAt;
    this.viewVersion = report.version;
    this.materialization = report.materializationId;
    this.sampled = report.sampled;
    this.equal = report.equal;
    this.newer = report.newer;
    this.different = report.different;
    this.differences = [...report.differences];
  }
}
