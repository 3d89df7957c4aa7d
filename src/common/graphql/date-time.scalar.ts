import { GraphQLISODateTime } from '@nestjs/graphql';
import { GraphQLScalarType, Kind } from 'graphql';

/** The years of RFC 3339. */
const LAST_YEAR = 9999;

/** Nest's scalar, which takes whatever text for a date; one that cannot be read must not get as far as the database. */
export const dateTimeScalar = new GraphQLScalarType<Date, unknown>({
  ...GraphQLISODateTime.toConfig(),
  parseValue: dateOf,
  parseLiteral: (node) => dateOf(node.kind === Kind.STRING ? node.value : undefined),
});

function dateOf(value: unknown): Date {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  const year = date.getUTCFullYear();
  if (year >= 0 && year <= LAST_YEAR) return date;
  throw new TypeError('It must be a date and time such as "2026-01-31T09:30:00Z".');
}
