import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsIn,
  IsInt,
  IsOptional,
  Length,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import {
  type ApiConnection,
  type ApiHeader,
  type ApiPagination,
  type ApiWatermark,
  type PaginationStyle,
  paginationStyles,
} from '../connections/api-connection.js';
import { enumOf } from './data-source.enums.js';
import { watermarkFrom, WatermarkInput, WatermarkType } from './watermark.dto.js';

const MAX_URL = 2_000;
const MAX_HEADERS = 50;
const MAX_HEADER = 4_000;
const MAX_POINTER = 500;
const MAX_PARAMETER = 100;
const FIRST_PAGE = 1;

const storable = (field: string) => ({ message: `${field} ${STORABLE_TEXT_RULE}` });

const ApiPaginationStyle: { readonly [Name in PaginationStyle]: Name } = enumOf(paginationStyles);

registerEnumType(ApiPaginationStyle, {
  name: 'ApiPaginationStyle',
  description: 'By what an API tells where its next page is.',
  valuesMap: {
    CURSOR: { description: 'A page holds a cursor, or the URL of the next page; the last one holds none.' },
    PAGE: { description: 'Pages are numbered; one without records is the end.' },
    LINK: { description: 'The header `Link` has a URL with `rel="next"`; that of the last page has none.' },
  },
});

@InputType({ description: 'A header of each request.' })
export class ApiHeaderInput {
  @Field(() => String, { description: 'Name of the header.' })
  @Length(1, 100)
  name!: string;

  @Field(() => String, { nullable: true, description: 'Its value. Either this or a secret.' })
  @IsOptional()
  @MaxLength(MAX_HEADER)
  @Matches(STORABLE_TEXT, storable('value'))
  value?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the secret of the source that is its value.' })
  @IsOptional()
  @Length(1, 128)
  @Matches(STORABLE_TEXT, storable('secret'))
  secret?: string | null;
}

@ObjectType('ApiHeader', { description: 'A header of each request.' })
export class ApiHeaderType implements ApiHeader {
  @Field(() => String, { description: 'Name of the header.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Its value; null where it is a secret.' })
  value!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the secret that is its value.' })
  secret!: string | null;
}

@InputType({ description: 'How the pages of an API follow each other.' })
export class ApiPaginationInput {
  @Field(() => ApiPaginationStyle, { description: 'By what the next page is found.' })
  @IsIn(paginationStyles)
  style!: PaginationStyle;

  @Field(() => String, {
    nullable: true,
    description:
      'Parameter of the query that takes the cursor or the number of the page. Without it, a cursor is the URL of the next page.',
  })
  @IsOptional()
  @Length(1, MAX_PARAMETER)
  @Matches(STORABLE_TEXT, storable('parameter'))
  parameter?: string | null;

  @Field(() => String, { nullable: true, description: 'Where the cursor stands in a page, as JSON Pointer.' })
  @IsOptional()
  @MaxLength(MAX_POINTER)
  @Matches(STORABLE_TEXT, storable('pointer'))
  pointer?: string | null;

  @Field(() => Int, { nullable: true, description: `Number of the first page. Default: ${FIRST_PAGE}.` })
  @IsOptional()
  @IsInt()
  @Min(0)
  first?: number | null;
}

@ObjectType('ApiPagination', { description: 'How the pages of an API follow each other.' })
export class ApiPaginationType implements ApiPagination {
  @Field(() => ApiPaginationStyle, { description: 'By what the next page is found.' })
  style!: PaginationStyle;

  @Field(() => String, { nullable: true, description: 'Parameter that takes the cursor or the number of the page.' })
  parameter!: string | null;

  @Field(() => String, { nullable: true, description: 'Where the cursor stands in a page, as JSON Pointer.' })
  pointer!: string | null;

  @Field(() => Int, { nullable: true, description: 'Number of the first page.' })
  first!: number | null;
}

const PARAMETER =
  'Parameter of the query that takes from where on is asked: the greatest value as it came, or, where there is an overlap, ' +
  'what lies so far below, as ISO 8601 or a number.';

@InputType({ description: 'How an API is read step by step. The mode of the source must be APPEND.' })
export class ApiWatermarkInput extends WatermarkInput {
  @Field(() => String, { description: PARAMETER })
  @Length(1, MAX_PARAMETER)
  @Matches(STORABLE_TEXT, storable('parameter'))
  parameter!: string;
}

@ObjectType('ApiWatermark', { description: 'How an API is read step by step.' })
export class ApiWatermarkType extends WatermarkType implements ApiWatermark {
  @Field(() => String, { description: PARAMETER })
  parameter!: string;
}

@InputType({ description: 'An API that answers JSON or NDJSON by GET.' })
export class ApiConnectionInput {
  @Field(() => String, { description: 'URL of the first page, with https or http and without credentials.' })
  @Length(1, MAX_URL)
  @Matches(STORABLE_TEXT, storable('url'))
  url!: string;

  @Field(() => [ApiHeaderInput], {
    nullable: true,
    description: 'Headers of each request. They are not sent to other origins. Default: none.',
  })
  @IsOptional()
  @ArrayMaxSize(MAX_HEADERS)
  @ValidateNested({ each: true })
  @Type(() => ApiHeaderInput)
  headers?: ApiHeaderInput[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where the list of records stands in a page of JSON, as JSON Pointer. Default: the page is the list.',
  })
  @IsOptional()
  @MaxLength(MAX_POINTER)
  @Matches(STORABLE_TEXT, storable('records'))
  records?: string | null;

  @Field(() => ApiPaginationInput, { nullable: true, description: 'How its pages follow. Default: there is but one.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => ApiPaginationInput)
  pagination?: ApiPaginationInput | null;

  @Field(() => ApiWatermarkInput, {
    nullable: true,
    description: 'How it is read step by step. Default: each collection reads all.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => ApiWatermarkInput)
  watermark?: ApiWatermarkInput | null;
}

@ObjectType('ApiConnection', { description: 'An API that is read.' })
export class ApiConnectionType implements Omit<ApiConnection, 'kind'> {
  @Field(() => String, { description: 'URL of the first page.' })
  url!: string;

  @Field(() => [ApiHeaderType], { description: 'Headers of each request.' })
  headers!: ApiHeaderType[];

  @Field(() => String, { description: 'Where the list of records stands in a page of JSON, as JSON Pointer.' })
  records!: string;

  @Field(() => ApiPaginationType, { nullable: true, description: 'How its pages follow; null: there is but one.' })
  pagination!: ApiPaginationType | null;

  @Field(() => ApiWatermarkType, {
    nullable: true,
    description: 'How it is read step by step; null where each collection reads all.',
  })
  watermark!: ApiWatermarkType | null;
}

export const apiConnectionOf = ({
  url,
  headers,
  records,
  pagination,
  watermark,
}: ApiConnectionInput): ApiConnection => ({
  kind: 'API',
  url,
  headers: (headers ?? []).map(({ name, value, secret }) => ({ name, value: value ?? null, secret: secret ?? null })),
  records: records ?? '',
  pagination: pagination == null ? null : paginationOf(pagination),
  watermark: watermark == null ? null : { ...watermarkFrom(watermark), parameter: watermark.parameter },
});

const paginationOf = ({ style, parameter, pointer, first }: ApiPaginationInput): ApiPagination => ({
  style,
  parameter: parameter ?? null,
  pointer: pointer ?? null,
  first: style === 'PAGE' ? (first ?? FIRST_PAGE) : (first ?? null),
});
