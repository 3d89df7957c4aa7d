import { Field, InputType, Int } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import type { JsonRow } from '../../json-values.rules.js';

@CheckedByHand()
@InputType({ description: 'Which features are wanted, and of which entities. Give `service` or `features`.' })
export class OnlineFeaturesInput {
  @Field(() => String, { nullable: true, description: 'Name of a feature service, whose features are all wanted.' })
  service?: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the service. Default: the newest.' })
  serviceVersion?: number | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'The features, each as `view:feature` of the newest version of the view, or as `view@version:feature`.',
  })
  features?: readonly string[] | null;

  @Field(() => [GraphQLJSONObject], {
    description:
      'For each entity its join keys and, where on-demand features are wanted, fields of the request. Moments are ISO 8601 ' +
      'texts or milliseconds since the epoch; whole numbers beyond 2^53 are texts.',
  })
  entities!: readonly JsonRow[];

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'Fields of the request that hold for every entity that does not have them itself.',
  })
  request?: JsonRow | null;
}
