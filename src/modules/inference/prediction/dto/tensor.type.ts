import { Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GraphQLJSON } from 'graphql-scalars';
import { TensorDatatype } from '../../../../common/graphql/tensor-datatype.enum.js';
import type { Datatype } from '../../../../common/tensor/datatypes.js';
import { elementsOf, type JsonElement } from '../../../../common/tensor/tensor-json.js';
import type { Tensor as RawTensor } from '../../../../common/tensor/tensor.js';
import { tensorEncodings } from '../request.rules.js';

/** How output tensors are written, as a GraphQL enum. */
export const TensorEncodingEnum = Object.fromEntries(tensorEncodings.map((encoding) => [encoding, encoding]));

registerEnumType(TensorEncodingEnum, {
  name: 'TensorEncoding',
  description: 'How the elements of output tensors are written.',
  valuesMap: {
    JSON: { description: 'As JSON values in `data`. Tensors above the limit for JSON come as base64 all the same.' },
    BASE64: { description: 'As little-endian bytes in `base64`.' },
  },
});

/** An output tensor whose elements are written when, and as, they are asked for. */
@ObjectType({ description: 'A tensor: elements of one type in row-major order.' })
export class Tensor {
  private elements: readonly JsonElement[] | undefined;

  constructor(
    private readonly raw: RawTensor,
    private readonly isBase64: boolean,
  ) {}

  @Field(() => String, { description: "Name of the model's output." })
  get name(): string {
    return this.raw.name;
  }

  @Field(() => TensorDatatype, { description: 'Type of the elements.' })
  get datatype(): Datatype {
    return this.raw.datatype;
  }

  @Field(() => [Int], { description: 'Length of each dimension; empty for a single value.' })
  get shape(): readonly number[] {
    return this.raw.shape;
  }

  @Field(() => GraphQLJSON, {
    nullable: true,
    description:
      'The elements as one flat list. Numbers that JSON cannot hold are strings: NaN, infinities, integers beyond 2^53. ' +
      'Null where `base64` is given.',
  })
  get data(): readonly JsonElement[] | null {
    if (this.isBase64) return null;
    this.elements ??= elementsOf(this.raw);
    return this.elements;
  }

  @Field(() => String, {
    nullable: true,
    description: 'The elements as base64 of their bytes, little-endian. Null where `data` is given.',
  })
  get base64(): string | null {
    const { buffer, byteOffset, byteLength } = this.raw.data;
    return this.isBase64 ? Buffer.from(buffer, byteOffset, byteLength).toString('base64') : null;
  }
}
