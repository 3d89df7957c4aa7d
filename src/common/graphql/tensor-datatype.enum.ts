import { registerEnumType } from '@nestjs/graphql';
import { type Datatype, DATATYPES } from '../tensor/datatypes.js';

/** Element types as a GraphQL enum, for signatures and tensors alike. */
export const TensorDatatype = Object.fromEntries(DATATYPES.map((datatype) => [datatype, datatype])) as {
  readonly [Name in Datatype]: Name;
};

registerEnumType(TensorDatatype, {
  name: 'TensorDatatype',
  description: 'Type of the elements of a tensor, by the names of the Open Inference Protocol.',
  valuesMap: {
    BOOL: { description: 'True or false; one byte.' },
    UINT8: { description: 'Whole number of 8 bits, not negative.' },
    UINT16: { description: 'Whole number of 16 bits, not negative.' },
    UINT32: { description: 'Whole number of 32 bits, not negative.' },
    UINT64: { description: 'Whole number of 64 bits, not negative; beyond 2^53 a decimal string in JSON.' },
    INT8: { description: 'Whole number of 8 bits.' },
    INT16: { description: 'Whole number of 16 bits.' },
    INT32: { description: 'Whole number of 32 bits.' },
    INT64: { description: 'Whole number of 64 bits; beyond 2^53 a decimal string in JSON.' },
    FP16: { description: 'Floating-point number of 16 bits.' },
    FP32: { description: 'Floating-point number of 32 bits.' },
    FP64: { description: 'Floating-point number of 64 bits.' },
    BYTES: { description: 'Text. In base64 each element is its length as 4 bytes little-endian, then UTF-8.' },
  },
});
