import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { DATA_SOURCE_NAME, DATA_SOURCE_NAME_RULE } from '../../../sources/data-source-name.rules.js';
import type { Retention } from '../retention.rules.js';
import type { SnapshotUse } from '../snapshot-keeping.repository.js';

/** Greatest number of versions and days, as the column has it. */
const MAX_KEPT = 2 ** 31 - 1;

@InputType({ description: 'A name for a snapshot.' })
export class TagDataSnapshotInput {
  @Field(() => String, { description: 'Name of the source.' })
  @IsString()
  source!: string;

  @Field(() => Int, { description: 'Number of the version.' })
  @IsInt()
  version!: number;

  @Field(() => String, {
    description: `The name. It ${DATA_SOURCE_NAME_RULE}. Where another version of the source has it, it moves.`,
  })
  @Matches(DATA_SOURCE_NAME, { message: `tag ${DATA_SOURCE_NAME_RULE}` })
  tag!: string;
}

@InputType({ description: 'A name to be taken from a snapshot.' })
export class UntagDataSnapshotInput {
  @Field(() => String, { description: 'Name of the source.' })
  @IsString()
  source!: string;

  @Field(() => String, { description: 'The name.' })
  @IsString()
  tag!: string;
}

@InputType({ description: 'A version to be restored.' })
export class RestoreDataSnapshotInput {
  @Field(() => String, { description: 'Name of the source.' })
  @IsString()
  source!: string;

  @Field(() => Int, { description: 'Number of the version whose rows the new one gets.' })
  @IsInt()
  version!: number;
}

@InputType({ description: 'Which snapshots of a source are kept: those that either says. With neither, all are.' })
export class SetDataRetentionInput implements Partial<Retention> {
  @Field(() => String, { description: 'Name of the source.' })
  @IsString()
  source!: string;

  @Field(() => Int, { nullable: true, description: 'So many of the newest.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_KEPT)
  keepVersions!: number | null;

  @Field(() => Int, { nullable: true, description: 'Those that are so many days old at most.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_KEPT)
  keepDays!: number | null;
}

@ObjectType('DataRetention', {
  description:
    'Which snapshots of a source are kept. Besides, the newest is kept, what has a name, what something was made of, and all that these add to.',
})
export class DataRetentionType implements Retention {
  @Field(() => Int, { nullable: true, description: 'So many of the newest.' })
  readonly keepVersions: number | null;

  @Field(() => Int, { nullable: true, description: 'Those that are so many days old at most.' })
  readonly keepDays: number | null;

  constructor({ keepVersions, keepDays }: Retention) {
    this.keepVersions = keepVersions;
    this.keepDays = keepDays;
  }
}

@ObjectType('DataSnapshotUse', { description: 'Something that was made of a snapshot, which is therefore kept.' })
export class DataSnapshotUseType implements SnapshotUse {
  @Field(() => String, {
    description:
      'What it is: `HISTORICAL_FEATURES`, `FEATURE_VIEW` for a version that learned from it, or `MODEL_VERSION` for one ' +
      'that was trained on such historical features.',
  })
  kind!: string;

  @Field(() => ID, { description: 'Its id.' })
  id!: string;
}
