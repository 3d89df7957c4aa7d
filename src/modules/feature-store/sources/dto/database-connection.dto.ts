import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import {
  type DatabaseConnection,
  PASSWORD_SECRET,
  type TlsMode,
  tlsModes,
} from '../connections/database-connection.js';
import { enumOf } from './data-source.enums.js';
import { watermarkFrom, WatermarkInput, WatermarkType } from './watermark.dto.js';

/** Longest name of PostgreSQL, in bytes. */
const MAX_NAME = 63;
const MAX_HOST = 253;
const MAX_QUERY = 20_000;
const MAX_CERTIFICATES = 100_000;
const DEFAULT_PORT = 5432;

const HOST = /^[^\s/@[\]]+$/;
const storable = (field: string) => ({ message: `${field} ${STORABLE_TEXT_RULE}` });

const DatabaseTls: { readonly [Name in TlsMode]: Name } = enumOf(tlsModes);

registerEnumType(DatabaseTls, {
  name: 'DatabaseTls',
  description: 'How the connection to a database is encrypted.',
  valuesMap: {
    DISABLE: { description: 'Not at all.' },
    REQUIRE: { description: 'Encrypted, to whoever answers.' },
    VERIFY_FULL: { description: 'Encrypted, to who has a valid certificate of the host.' },
  },
});

@InputType({ description: `A PostgreSQL to read from. The password is the secret \`${PASSWORD_SECRET}\`.` })
export class DatabaseConnectionInput {
  @Field(() => String, { description: 'Name or address of the host.' })
  @Length(1, MAX_HOST)
  @Matches(HOST, { message: 'host is a name or an address, without brackets' })
  host!: string;

  @Field(() => Int, { nullable: true, description: `Its port. Default: ${DEFAULT_PORT}.` })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  port?: number | null;

  @Field(() => String, { description: 'Name of the database.' })
  @Length(1, MAX_NAME)
  @Matches(STORABLE_TEXT, storable('database'))
  database!: string;

  @Field(() => String, { description: 'Who signs in. They need no right to write.' })
  @Length(1, MAX_NAME)
  @Matches(STORABLE_TEXT, storable('user'))
  user!: string;

  @Field(() => DatabaseTls, { nullable: true, description: 'How the connection is encrypted. Default: VERIFY_FULL.' })
  @IsOptional()
  @IsIn(tlsModes)
  tls?: TlsMode | null;

  @Field(() => String, {
    nullable: true,
    description: "Certificates in PEM that the server's must descend from. Default: those that Node.js knows.",
  })
  @IsOptional()
  @Length(1, MAX_CERTIFICATES)
  @Matches(/^\s*-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----\s*$/, {
    message: 'certificateAuthority holds certificates in PEM',
  })
  certificateAuthority?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'One SELECT. It is run in a transaction that cannot write. Either this or a table.',
  })
  @IsOptional()
  @Length(1, MAX_QUERY)
  @Matches(STORABLE_TEXT, storable('query'))
  query?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the table or view, as it stands in the catalog.' })
  @IsOptional()
  @Length(1, MAX_NAME)
  @Matches(STORABLE_TEXT, storable('table'))
  table?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The schema that has the table. Default: the first of the user's search path that does.",
  })
  @IsOptional()
  @Length(1, MAX_NAME)
  @Matches(STORABLE_TEXT, storable('tableSchema'))
  tableSchema?: string | null;

  @Field(() => WatermarkInput, {
    nullable: true,
    description: 'How it is read step by step. Default: each collection reads all.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => WatermarkInput)
  watermark?: WatermarkInput | null;
}

@ObjectType('DatabaseConnection', { description: 'A PostgreSQL that is read.' })
export class DatabaseConnectionType implements Omit<DatabaseConnection, 'kind'> {
  @Field(() => String, { description: 'Name or address of the host.' })
  host!: string;

  @Field(() => Int, { description: 'Its port.' })
  port!: number;

  @Field(() => String, { description: 'Name of the database.' })
  database!: string;

  @Field(() => String, { description: 'Who signs in.' })
  user!: string;

  @Field(() => DatabaseTls, { description: 'How the connection is encrypted.' })
  tls!: TlsMode;

  @Field(() => String, {
    nullable: true,
    description: "Certificates in PEM that the server's must descend from; null: those that Node.js knows.",
  })
  certificateAuthority!: string | null;

  @Field(() => String, { nullable: true, description: 'The query; null where a table is read.' })
  query!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the table; null where a query is read.' })
  table!: string | null;

  @Field(() => String, { nullable: true, description: 'The schema that has the table; null: of the search path.' })
  tableSchema!: string | null;

  @Field(() => WatermarkType, {
    nullable: true,
    description: 'How it is read step by step; null where each collection reads all.',
  })
  watermark!: WatermarkType | null;
}

export const databaseConnectionOf = (input: DatabaseConnectionInput): DatabaseConnection => ({
  kind: 'DATABASE',
  host: input.host,
  port: input.port ?? DEFAULT_PORT,
  database: input.database,
  user: input.user,
  tls: input.tls ?? 'VERIFY_FULL',
  certificateAuthority: input.certificateAuthority ?? null,
  query: input.query ?? null,
  table: input.table ?? null,
  tableSchema: input.tableSchema ?? null,
  watermark: input.watermark == null ? null : watermarkFrom(input.watermark),
});
