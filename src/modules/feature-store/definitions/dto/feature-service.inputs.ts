import { Field, InputType, Int } from '@nestjs/graphql';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import type { DeclaredFeatureService } from '../declared-definitions.js';
import { DEFINITION_NAME_RULE } from '../definition-names.rules.js';
import { MAX_FEATURES } from '../feature-view.rules.js';

@InputType({ description: 'A feature of a service, or all features of a view.' })
export class ServiceFeatureInput {
  @Field(() => String, { description: 'Name of the view.' })
  view!: string;

  @Field(() => Int, { nullable: true, description: 'Number of the version. Default: the newest, which is pinned.' })
  version?: number | null;

  @Field(() => String, { nullable: true, description: 'Name of the feature. Default: all features of the view.' })
  feature?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What it is called in the service, unique there. Default: as in the view.',
  })
  as?: string | null;
}

@CheckedByHand()
@InputType({ description: 'A feature service as it shall be.' })
export class ApplyFeatureServiceInput {
  @Field(() => String, { description: `Name, unique in the workspace. It ${DEFINITION_NAME_RULE}.` })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the service is.' })
  description?: string | null;

  @Field(() => [ServiceFeatureInput], { description: `The features, in order: at most ${MAX_FEATURES}.` })
  features!: ServiceFeatureInput[];
}

@CheckedByHand()
@InputType({ description: 'A feature service to delete.' })
export class DeleteFeatureServiceInput {
  @Field(() => String, { description: 'Name of the service.' })
  name!: string;
}

export const declaredServiceOf = ({
  name,
  description,
  features,
}: ApplyFeatureServiceInput): DeclaredFeatureService => ({
  name,
  description: description ?? '',
  features: features.map(({ view, version, feature, as }) => ({
    view,
    version: version ?? null,
    feature: feature ?? null,
    as: as ?? null,
  })),
});
