import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { IsOptional, Length, Matches } from 'class-validator';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import { ACCESS_KEY_SECRET, type BucketLocation } from '../connections/bucket-location.js';

const MAX_URL = 2_000;
/** Longest key of S3, in bytes. */
const MAX_PREFIX = 1_000;

const BUCKET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;
const DEFAULT_REGION = 'us-east-1';

@InputType({
  description:
    'A bucket of Amazon S3, or of a service that speaks its protocol. ' +
    `The secret of the access key is the source's secret \`${ACCESS_KEY_SECRET}\`.`,
})
export class BucketLocationInput {
  @Field(() => String, {
    description:
      'Address of the service, such as `https://s3.eu-central-1.amazonaws.com`. The bucket is the first part of the path. ' +
      'One in a private network must be listed in NESTOR_OUTBOUND_PRIVATE_HOSTS.',
  })
  @Length(1, MAX_URL)
  endpoint!: string;

  @Field(() => String, { defaultValue: DEFAULT_REGION, description: 'Region of the bucket.' })
  @Matches(/^[A-Za-z0-9-]{1,64}$/, { message: 'region has up to 64 letters, digits and hyphens' })
  region!: string;

  @Field(() => String, { description: 'Name of the bucket.' })
  @Matches(BUCKET_NAME, { message: 'name has 3 to 255 letters, digits, dots, hyphens and underscores' })
  name!: string;

  @Field(() => String, {
    defaultValue: '',
    description: 'How the keys of the files begin, such as `exports/sales/`. Keys with a further slash are left out.',
  })
  @Length(0, MAX_PREFIX)
  @Matches(STORABLE_TEXT, { message: `prefix ${STORABLE_TEXT_RULE}` })
  prefix!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Id of the access key. Default: none, for a bucket that is open to everyone.',
  })
  @IsOptional()
  @Matches(/^[\x21-\x7E]{1,256}$/, { message: 'accessKeyId has 1 to 256 characters of ASCII, without spaces' })
  accessKeyId?: string | null;
}

@ObjectType('BucketLocation', { description: 'A bucket whose objects are collected.' })
export class BucketLocationType implements BucketLocation {
  @Field(() => String, { description: 'Address of the service.' })
  endpoint!: string;

  @Field(() => String, { description: 'Region of the bucket.' })
  region!: string;

  @Field(() => String, { description: 'Name of the bucket.' })
  name!: string;

  @Field(() => String, { description: 'How the keys of the files begin.' })
  prefix!: string;

  @Field(() => String, { nullable: true, description: 'Id of the access key; null: requests are not signed.' })
  accessKeyId!: string | null;
}

export const bucketLocationOf = ({ accessKeyId, ...location }: BucketLocationInput): BucketLocation => ({
  ...location,
  accessKeyId: accessKeyId ?? null,
});
