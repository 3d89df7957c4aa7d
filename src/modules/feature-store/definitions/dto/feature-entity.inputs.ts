import { Field, InputType } from '@nestjs/graphql';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import type { DeclaredFeatureEntity } from '../declared-definitions.js';
import { DEFINITION_NAME_RULE } from '../definition-names.rules.js';
import { MAX_JOIN_KEYS } from '../feature-entity.rules.js';
import { TypedColumnInput } from './typed-column.js';

@CheckedByHand()
@InputType({ description: 'A feature entity to create.' })
export class CreateFeatureEntityInput {
  @Field(() => String, { description: `Name, unique in the workspace. It ${DEFINITION_NAME_RULE}.` })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the entity is.' })
  description?: string | null;

  @Field(() => [TypedColumnInput], {
    description: `The columns by which one is known: 1 to ${MAX_JOIN_KEYS}, none of FLOAT64 or JSON. They never change.`,
  })
  joinKeys!: TypedColumnInput[];
}

@CheckedByHand()
@InputType({ description: 'A new description of a feature entity.' })
export class UpdateFeatureEntityInput {
  @Field(() => String, { description: 'Name of the entity.' })
  name!: string;

  @Field(() => String, { description: 'What the entity is.' })
  description!: string;
}

@CheckedByHand()
@InputType({ description: 'A feature entity to delete.' })
export class DeleteFeatureEntityInput {
  @Field(() => String, { description: 'Name of the entity.' })
  name!: string;
}

export const declaredEntityOf = ({ name, description, joinKeys }: CreateFeatureEntityInput): DeclaredFeatureEntity => ({
  name,
  description: description ?? '',
  joinKeys: joinKeys.map((key) => ({ name: key.name, type: key.type })),
});
