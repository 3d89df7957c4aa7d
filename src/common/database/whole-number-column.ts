import type { ValueTransformer } from 'typeorm';

/** For `bigint` columns whose values stay below 2^53, such as sizes in bytes: pg hands them over as text. */
export const wholeNumberColumn: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};
