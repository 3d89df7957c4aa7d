import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { ValueTypeEnum } from '../../sources/dto/data-source.enums.js';
import type { TypedColumn, ValueType } from '../../value-types.js';

@ObjectType('TypedColumn', { description: 'A column of rows.' })
export class TypedColumnType implements TypedColumn {
  @Field(() => String, { description: 'Name, as it stands in the rows.' })
  name!: string;

  @Field(() => ValueTypeEnum, { description: 'Type of its values.' })
  type!: ValueType;
}

@InputType({ description: 'A column of rows.' })
export class TypedColumnInput implements TypedColumn {
  @Field(() => String, { description: 'Name, as it stands in the rows.' })
  name!: string;

  @Field(() => ValueTypeEnum, { description: 'Type of its values.' })
  type!: ValueType;
}
