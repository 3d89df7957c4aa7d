import { Field, Float, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { DescriptionField } from '../../../registry/dto/described.fields.js';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import { type ValueType, valueTypes } from '../../value-types.js';
import { MAX_COLUMNS } from '../data-schema.rules.js';
import { DATA_SOURCE_NAME, DATA_SOURCE_NAME_RULE } from '../data-source-name.rules.js';
import type { DataSourceChange, NewDataSource } from '../data-source.service.js';
import { type DataSourceKind, dataSourceKinds } from '../connections/connection.js';
import {
  type DataColumn,
  type DataSchema,
  type DataSourceMode,
  dataSourceModes,
  validationPolicies,
  type ValidationPolicy,
} from '../data-source.js';
import { ConnectionInputs, connectionOf, givenConnection } from './connection.inputs.js';
import { DataSourceKindEnum, DataSourceModeEnum, ValidationPolicyEnum, ValueTypeEnum } from './data-source.enums.js';

/** Longest secret and pattern, in UTF-16 code units. */
const MAX_SECRET = 10_000;
const MAX_PATTERN = 1_000;
const MAX_ALLOWED_VALUE = 1_000;

/** A year. */
const MAX_REFRESH_INTERVAL_SECONDS = 31_536_000;

@InputType({ description: 'A column of a data source.' })
export class DataColumnInput {
  @Field(() => String, { description: 'Name, as it stands in the data.' })
  @Length(1, 128)
  @Matches(STORABLE_TEXT, { message: `name ${STORABLE_TEXT_RULE}` })
  name!: string;

  @Field(() => ValueTypeEnum, { description: 'Type of its values.' })
  @IsIn(valueTypes)
  type!: ValueType;

  @DescriptionField('What it tells')
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether values may be missing. Default: true.' })
  @IsOptional()
  @IsBoolean()
  isNullable?: boolean | null;

  @Field(() => Float, { nullable: true, description: 'Least value of a number.' })
  @IsOptional()
  @IsNumber()
  minimum?: number | null;

  @Field(() => Float, { nullable: true, description: 'Greatest value of a number.' })
  @IsOptional()
  @IsNumber()
  maximum?: number | null;

  @Field(() => [String], { nullable: true, description: 'The only values of a STRING or INT64, as text.' })
  @IsOptional()
  @MaxLength(MAX_ALLOWED_VALUE, { each: true })
  @Matches(STORABLE_TEXT, { each: true, message: `allowedValues ${STORABLE_TEXT_RULE}` })
  allowedValues?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Regular expression (RE2) that a STRING matches from beginning to end.',
  })
  @IsOptional()
  @Length(1, MAX_PATTERN)
  @Matches(STORABLE_TEXT, { message: `pattern ${STORABLE_TEXT_RULE}` })
  pattern?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether reports and statistics must not show its values. Default: false.',
  })
  @IsOptional()
  @IsBoolean()
  isSensitive?: boolean | null;
}

@InputType({ description: 'What the rows of a data source must be.' })
export class DataSchemaInput {
  @Field(() => [DataColumnInput], { description: `The columns: 1 to ${MAX_COLUMNS}.` })
  @ArrayMaxSize(MAX_COLUMNS)
  @ValidateNested({ each: true })
  @Type(() => DataColumnInput)
  columns!: DataColumnInput[];

  @Field(() => [String], { nullable: true, description: 'Columns that tell rows apart. Default: none.' })
  @IsOptional()
  @ArrayMaxSize(MAX_COLUMNS)
  keyColumns?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'TIMESTAMP column that says when that happened which a row tells of. It must not lie in the future.',
  })
  @IsOptional()
  @MaxLength(128)
  eventTimeColumn?: string | null;

  @Field(() => Int, { nullable: true, description: 'How old the newest event of a batch may be, in seconds.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  maxAgeSeconds?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether equal rows are a fault, where there are no keyColumns. Default: false.',
  })
  @IsOptional()
  @IsBoolean()
  hasUniqueRows?: boolean | null;
}

@InputType({ description: 'A secret of a data source. It is kept encrypted and is never shown again.' })
export class DataSourceSecretInput {
  @Field(() => String, { description: `Name. It ${DATA_SOURCE_NAME_RULE}.` })
  @Matches(DATA_SOURCE_NAME, { message: `name ${DATA_SOURCE_NAME_RULE}` })
  name!: string;

  @Field(() => String, { nullable: true, description: 'The secret itself; null removes it.' })
  @IsOptional()
  @Length(1, MAX_SECRET)
  value?: string | null;
}

@InputType({ description: 'A data source to create.' })
export class CreateDataSourceInput extends ConnectionInputs {
  @Field(() => String, { description: `Name, unique in the workspace. It ${DATA_SOURCE_NAME_RULE}.` })
  @Matches(DATA_SOURCE_NAME, { message: `name ${DATA_SOURCE_NAME_RULE}` })
  name!: string;

  @DescriptionField('What the source is')
  description?: string | null;

  @Field(() => DataSourceKindEnum, { description: 'Where its data comes from. It does not change.' })
  @IsIn(dataSourceKinds)
  kind!: DataSourceKind;

  @Field(() => [DataSourceSecretInput], { nullable: true, description: 'Its secrets. Default: none.' })
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => DataSourceSecretInput)
  secrets?: DataSourceSecretInput[] | null;

  @Field(() => DataSchemaInput, { description: 'What its rows must be.' })
  @ValidateNested()
  @Type(() => DataSchemaInput)
  schema!: DataSchemaInput;

  @Field(() => DataSourceModeEnum, {
    nullable: true,
    description: 'What a collection brings. Default: REPLACE; of a stream, a folder or a bucket APPEND.',
  })
  @IsOptional()
  @IsIn(dataSourceModes)
  mode?: DataSourceMode | null;

  @Field(() => ValidationPolicyEnum, { nullable: true, description: 'What happens to other rows. Default: REJECT.' })
  @IsOptional()
  @IsIn(validationPolicies)
  policy?: ValidationPolicy | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How often it is collected, in seconds, beginning at once. Default: only when it is asked for.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_REFRESH_INTERVAL_SECONDS)
  refreshIntervalSeconds?: number | null;
}

@InputType({ description: 'A change of a data source; what is left out stays as it is.' })
export class UpdateDataSourceInput extends ConnectionInputs {
  @Field(() => String, { description: 'Name of the source.' })
  @Matches(DATA_SOURCE_NAME, { message: `name ${DATA_SOURCE_NAME_RULE}` })
  name!: string;

  @DescriptionField('What the source is')
  description?: string | null;

  @Field(() => [DataSourceSecretInput], {
    nullable: true,
    description: 'Secrets to be set or removed; others stay as they are.',
  })
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => DataSourceSecretInput)
  secrets?: DataSourceSecretInput[] | null;

  @Field(() => DataSchemaInput, {
    nullable: true,
    description: 'What its rows must be, in place of what was said before.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => DataSchemaInput)
  schema?: DataSchemaInput | null;

  @Field(() => DataSourceModeEnum, { nullable: true, description: 'What a collection brings.' })
  @IsOptional()
  @IsIn(dataSourceModes)
  mode?: DataSourceMode | null;

  @Field(() => ValidationPolicyEnum, { nullable: true, description: 'What happens to other rows.' })
  @IsOptional()
  @IsIn(validationPolicies)
  policy?: ValidationPolicy | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How often it is collected, in seconds, beginning at once; null: only when it is asked for.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_REFRESH_INTERVAL_SECONDS)
  refreshIntervalSeconds?: number | null;
}

@InputType({ description: 'A data source to delete.' })
export class DeleteDataSourceInput {
  @Field(() => String, { description: 'Name of the source.' })
  name!: string;
}

export const newDataSourceOf = (input: CreateDataSourceInput): NewDataSource => ({
  name: input.name,
  description: input.description ?? '',
  kind: input.kind,
  connection: connectionOf(input.kind, input),
  secrets: secretsOf(input.secrets),
  schema: schemaOf(input.schema),
  mode: input.mode ?? (input.kind === 'STREAM' || isFound(input.file) ? 'APPEND' : 'REPLACE'),
  policy: input.policy ?? 'REJECT',
  refreshIntervalSeconds: input.refreshIntervalSeconds ?? null,
});

export function changeOf(input: UpdateDataSourceInput): DataSourceChange {
  const { name, description, secrets, schema, mode, policy, refreshIntervalSeconds } = input;
  const connection = givenConnection(input);
  return {
    name,
    secrets: secretsOf(secrets),
    ...(description != null && { description }),
    ...(connection !== null && { connection }),
    ...(schema != null && { schema: schemaOf(schema) }),
    ...(mode != null && { mode }),
    ...(policy != null && { policy }),
    ...(refreshIntervalSeconds !== undefined && { refreshIntervalSeconds }),
  };
}

const secretsOf = (secrets: readonly DataSourceSecretInput[] | null | undefined): NewDataSource['secrets'] =>
  (secrets ?? []).map(({ name, value }) => ({ name, value: value ?? null }));

const schemaOf = (schema: DataSchemaInput): DataSchema => ({
  columns: schema.columns.map(columnOf),
  keyColumns: schema.keyColumns ?? [],
  eventTimeColumn: schema.eventTimeColumn ?? null,
  maxAgeSeconds: schema.maxAgeSeconds ?? null,
  hasUniqueRows: schema.hasUniqueRows ?? false,
});

const columnOf = (column: DataColumnInput): DataColumn => ({
  name: column.name,
  type: column.type,
  description: column.description ?? '',
  isNullable: column.isNullable ?? true,
  minimum: column.minimum ?? null,
  maximum: column.maximum ?? null,
  allowedValues: column.allowedValues ?? null,
  pattern: column.pattern ?? null,
  isSensitive: column.isSensitive ?? false,
});

/** Whether files are found by the source, and not told. */
const isFound = (file: ConnectionInputs['file']): boolean =>
  file != null && (file.folder != null || file.bucket != null);
