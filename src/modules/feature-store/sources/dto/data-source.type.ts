import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { connectionOf } from '../../../../common/graphql/connection.js';
import type { ValueType } from '../../value-types.js';
import { connectionOfKind, type DataSourceKind } from '../connections/connection.js';
import type { DataColumn, DataSchema, DataSourceMode, ValidationPolicy } from '../data-source.js';
import type { DataSourceEntity } from '../entities/data-source.entity.js';
import { DataSourceKindEnum, DataSourceModeEnum, ValidationPolicyEnum, ValueTypeEnum } from './data-source.enums.js';
import { ApiConnectionType } from './api-connection.dto.js';
import { DatabaseConnectionType } from './database-connection.dto.js';
import { FileConnectionType } from './file-connection.dto.js';
import { StreamConnectionType } from './stream-connection.dto.js';

@ObjectType('DataColumn', { description: 'A column of a data source.' })
export class DataColumnType implements DataColumn {
  @Field(() => String, { description: 'Name, as it stands in the data.' })
  name!: string;

  @Field(() => ValueTypeEnum, { description: 'Type of its values.' })
  type!: ValueType;

  @Field(() => String, { description: 'What it tells.' })
  description!: string;

  @Field(() => Boolean, { description: 'Whether values may be missing.' })
  isNullable!: boolean;

  @Field(() => Float, { nullable: true, description: 'Least value of a number.' })
  minimum!: number | null;

  @Field(() => Float, { nullable: true, description: 'Greatest value of a number.' })
  maximum!: number | null;

  @Field(() => [String], { nullable: true, description: 'The only values of a STRING or INT64, as text.' })
  allowedValues!: string[] | null;

  @Field(() => String, { nullable: true, description: 'Regular expression that a STRING matches as a whole.' })
  pattern!: string | null;

  @Field(() => Boolean, { description: 'Whether reports and statistics do not show its values.' })
  isSensitive!: boolean;
}

@ObjectType('DataSchema', { description: 'What the rows of a data source are.' })
export class DataSchemaType implements DataSchema {
  @Field(() => [DataColumnType], { description: 'The columns, in order.' })
  columns!: DataColumnType[];

  @Field(() => [String], { description: 'Columns that tell rows apart.' })
  keyColumns!: string[];

  @Field(() => String, { nullable: true, description: 'Column that says when that happened which a row tells of.' })
  eventTimeColumn!: string | null;

  @Field(() => Int, { nullable: true, description: 'How old the newest event of a batch may be, in seconds.' })
  maxAgeSeconds!: number | null;

  @Field(() => Boolean, { description: 'Whether equal rows are a fault, where there are no keyColumns.' })
  hasUniqueRows!: boolean;
}

@ObjectType('DataSource', { description: 'Where data comes from, and what it must be.' })
export class DataSourceType {
  @Field(() => ID, { description: 'Id of the source.' })
  readonly id: string;

  @Field(() => String, { description: 'Name, unique in the workspace.' })
  readonly name: string;

  @Field(() => String, { description: 'What the source is.' })
  readonly description: string;

  @Field(() => DataSourceKindEnum, { description: 'Where its data comes from.' })
  readonly kind: DataSourceKind;

  @Field(() => FileConnectionType, {
    nullable: true,
    description: 'How its files are read; null where it is of another kind.',
  })
  readonly file: FileConnectionType | null;

  @Field(() => DatabaseConnectionType, {
    nullable: true,
    description: 'From where it is read; null where it is of another kind.',
  })
  readonly database: DatabaseConnectionType | null;
  @Field(() => StreamConnectionType, {
    nullable: true,
    description: 'The stream that it reads; null where it is of another kind.',
  })
  readonly stream: StreamConnectionType | null;

  @Field(() => ApiConnectionType, {
    nullable: true,
    description: 'From where it is read; null where it is of another kind.',
  })
  readonly api: ApiConnectionType | null;

  @Field(() => [String], { description: 'Names of its secrets, which are never shown.' })
  readonly secretNames: string[];

  @Field(() => DataSchemaType, { description: 'What its rows must be.' })
  readonly schema: DataSchema;

  @Field(() => DataSourceModeEnum, { description: 'What a collection brings.' })
  readonly mode: DataSourceMode;

  @Field(() => ValidationPolicyEnum, { description: 'What happens to other rows.' })
  readonly policy: ValidationPolicy;

  @Field(() => Int, {
    nullable: true,
    description: 'How often it is collected, in seconds; null: only when it is asked for.',
  })
  readonly refreshIntervalSeconds: number | null;

  @Field(() => Date, { nullable: true, description: 'When it is collected next by itself.' })
  readonly nextCollectionAt: Date | null;

  @Field(() => Int, { description: 'Raised by each change, from 1.' })
  readonly revision: number;

  @Field(() => Int, { nullable: true, description: 'Number of its newest snapshot; null where there is none.' })
  readonly snapshotVersion: number | null;

  @Field(() => ID, { description: 'Id of who created it.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'When it was created.' })
  readonly createdAt: Date;

  @Field(() => Date, { description: 'When it was last changed.' })
  readonly updatedAt: Date;

  constructor(source: DataSourceEntity) {
    this.id = source.id;
    this.name = source.name;
    this.description = source.description;
    this.kind = source.kind;
    this.file = connectionOfKind(source.connection, 'FILE');
    this.database = connectionOfKind(source.connection, 'DATABASE');
    this.api = connectionOfKind(source.connection, 'API');
    const stream = connectionOfKind(source.connection, 'STREAM');
    this.stream = stream && new StreamConnectionType(stream);
    this.secretNames = Object.keys(source.secrets).sort();
    this.schema = source.schema;
    this.mode = source.mode;
    this.policy = source.policy;
    this.refreshIntervalSeconds = source.refreshIntervalSeconds;
    this.nextCollectionAt = source.nextCollectionAt;
    this.revision = source.revision;
    this.snapshotVersion = source.snapshotVersion === 0 ? null : source.snapshotVersion;
    this.createdBy = source.createdBy;
    this.createdAt = source.createdAt;
    this.updatedAt = source.updatedAt;
  }
}

@ObjectType({ description: 'A page of data sources, by name.' })
export class DataSourceConnection extends connectionOf(DataSourceType, 'DataSource') {}
