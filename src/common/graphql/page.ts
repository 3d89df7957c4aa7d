import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, Min } from 'class-validator';
import { CodedError } from '../errors/coded-error.js';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: 'How many to return at most. Default 50.' })
  @IsOptional()
  @Min(1)
  first?: number;

  @Field(() => String, { nullable: true, description: 'Return what comes after this cursor.' })
  // Clients send null for the variable of the first page.
  @Transform(({ value }: { value: unknown }) => value ?? undefined)
  @IsOptional()
  @IsString()
  after?: string;
}

@ObjectType({ description: 'Where a page stands within its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more rows follow.' })
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the last row; pass it as `after` for the next page.' })
  endCursor!: string | null;
}

/** One page of rows, as repositories return it; `Connection` types have the same shape. */
export interface Page<Row> {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: PageInfo;
}

export const DEFAULT_PAGE_SIZE = 50;

/** A keyset: the values of the ordering columns of one row, the last of them unique. */
export type Keyset = readonly (string | number)[];

export const encodeCursor = (keyset: Keyset): string => Buffer.from(JSON.stringify(keyset)).toString('base64url');

/** @throws {CodedError} INVALID_CURSOR unless the cursor holds as many values as the list is ordered by. */
export function decodeCursor(cursor: string, length: number): Keyset {
  try {
    const keyset: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(keyset) && keyset.length === length && keyset.every(isKey)) return keyset;
  } catch {
    // Not JSON: refused below like any other cursor that this list did not make.
  }
  throw invalidCursor();
}

/** For lists that look closer at the values of a cursor. */
export const invalidCursor = (): CodedError =>
  new CodedError(
    'INVALID_CURSOR',
    'The `after` cursor was not issued by this list. Leave it out to start from the beginning.',
  );

const isKey = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

/**
 * Cuts a page from rows that were read with one more than the page's size.
 * @param rows at most `size + 1` rows, in order.
 */
export function pageOf<Row>(rows: readonly Row[], size: number, keysetOf: (row: Row) => Keyset): Page<Row> {
  const edges = rows.slice(0, size).map((node) => ({ cursor: encodeCursor(keysetOf(node)), node }));
  return { edges, pageInfo: { hasNextPage: rows.length > size, endCursor: edges.at(-1)?.cursor ?? null } };
}

/** The page's size: what was asked for, within the configured maximum. @throws {CodedError} INVALID_INPUT above it. */
export function pageSize(first: number | undefined, maximum: number): number {
  if (first !== undefined && first > maximum) {
    throw new CodedError(
      'INVALID_INPUT',
      `first: at most ${maximum} rows can be asked for at once; page with \`after\`.`,
    );
  }
  return first ?? Math.min(DEFAULT_PAGE_SIZE, maximum);
}
