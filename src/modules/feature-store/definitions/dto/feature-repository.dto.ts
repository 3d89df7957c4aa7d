import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import type { DefinitionChange } from '../definition-change.js';
import { type DefinitionKindName, definitionKinds, type RepositoryChange } from '../repository/repository-change.js';
import { DefinitionChangeEnum } from './definition.enums.js';

export const FeatureDefinitionKindEnum: { readonly [Name in DefinitionKindName]: Name } = enumOf(definitionKinds);

registerEnumType(FeatureDefinitionKindEnum, {
  name: 'FeatureDefinitionKind',
  description: 'What is defined.',
  valuesMap: {
    FEATURE_ENTITY: { description: 'A feature entity.' },
    FEATURE_VIEW: { description: 'A feature view.' },
    FEATURE_SERVICE: { description: 'A feature service.' },
  },
});

@CheckedByHand()
@InputType({ description: 'A file of definitions.' })
export class ApplyFeatureRepositoryInput {
  @Field(() => String, {
    description: 'YAML with lists of entities, featureViews and featureServices, whose fields are those of the inputs.',
  })
  yaml!: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it is only told what would become of the definitions. Default: false.',
  })
  dryRun?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether definitions of the workspace that the file does not name are deleted. Default: false.',
  })
  prune?: boolean | null;
}

@ObjectType('FeatureRepositoryChange', { description: 'What becomes of one definition when a file is applied.' })
export class FeatureRepositoryChangeType implements RepositoryChange {
  @Field(() => FeatureDefinitionKindEnum, { description: 'What is defined.' })
  kind!: DefinitionKindName;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => DefinitionChangeEnum, { description: 'What becomes of it.' })
  change!: DefinitionChange;

  @Field(() => Int, {
    nullable: true,
    description: 'The version that is the newest then; null for an entity, and for what is deleted.',
  })
  version!: number | null;

  @Field(() => [String], { description: 'What differs from before.' })
  fields!: readonly string[];
}

@ObjectType('FeatureRepositoryPlan', { description: 'What becomes of definitions when a file is applied.' })
export class FeatureRepositoryPlanType {
  @Field(() => Boolean, { description: 'Whether it was done, as a whole.' })
  isApplied!: boolean;

  @Field(() => [FeatureRepositoryChangeType], {
    description: 'For each definition, in the order in which they are applied.',
  })
  changes!: readonly RepositoryChange[];
}
