import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import type { JsonRow } from '../../json-values.rules.js';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import { type PushResult, type PushTarget, pushTargets } from '../feature-push.service.js';

const FeaturePushTarget: { readonly [Name in PushTarget]: Name } = enumOf(pushTargets);

registerEnumType(FeaturePushTarget, {
  name: 'FeaturePushTarget',
  description: 'Where pushed rows go.',
  valuesMap: {
    ONLINE: { description: 'Into the online store, at once.' },
    OFFLINE: { description: 'Into the data source of the view, within moments.' },
    BOTH: { description: 'Into both.' },
  },
});

@CheckedByHand()
@InputType({ description: 'Rows of the source of a feature view.' })
export class PushFeaturesInput {
  @Field(() => String, { description: 'Name of the view.' })
  view!: string;

  @Field(() => Int, { nullable: true, description: 'Version of the view. Default: the newest.' })
  version?: number | null;

  @Field(() => [GraphQLJSONObject], {
    description:
      'The rows: keys, times and what else of its source the view reads, and for `OFFLINE` and `BOTH` any column of the ' +
      'source. What a row leaves out is null. Moments are ISO 8601 texts or milliseconds since the epoch; whole numbers ' +
      'beyond 2^53 are texts.',
  })
  rows!: readonly JsonRow[];

  @Field(() => FeaturePushTarget, { description: 'Where they go.' })
  to!: PushTarget;
}

@ObjectType('FeaturePush', { description: 'What became of pushed rows.' })
export class FeaturePushType {
  @Field(() => String, { description: 'Name of the view.' })
  readonly view: string;

  @Field(() => Int, { description: 'Version of the view.' })
  readonly version: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'How many of them are now what is known online; of a view whose windows look back, how many entities changed. Null ' +
      'where they do not go online.',
  })
  readonly written: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many changed nothing online, because something newer or the same was known. Null as `written`.',
  })
  readonly superseded: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How many now wait to be collected into the source; the others were pushed before. Null where they do not go offline.',
  })
  readonly kept: number | null;

  constructor({ view, online, kept }: PushResult) {
    this.view = view.name;
    this.version = view.version;
    this.written = online?.written ?? null;
    this.superseded = online?.superseded ?? null;
    this.kept = kept;
  }
}
