import { Field, InputType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { DataConnection, DataSourceKind } from '../connections/connection.js';
import { ApiConnectionInput, apiConnectionOf } from './api-connection.dto.js';
import { DatabaseConnectionInput, databaseConnectionOf } from './database-connection.dto.js';
import { FileConnectionInput, fileConnectionOf } from './file-connection.dto.js';
import { StreamConnectionInput, streamConnectionOf } from './stream-connection.dto.js';

/** From where and how a source is read: the one of its kind. */
@InputType({ isAbstract: true })
export abstract class ConnectionInputs {
  @Field(() => FileConnectionInput, {
    nullable: true,
    description: 'How the files of a FILE source are read. Default: told by each file.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => FileConnectionInput)
  file?: FileConnectionInput | null;

  @Field(() => DatabaseConnectionInput, { nullable: true, description: 'From where a DATABASE source is read.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => DatabaseConnectionInput)
  database?: DatabaseConnectionInput | null;

  @Field(() => ApiConnectionInput, { nullable: true, description: 'From where an API source is read.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => ApiConnectionInput)
  api?: ApiConnectionInput | null;

  @Field(() => StreamConnectionInput, { nullable: true, description: 'What a STREAM source reads.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => StreamConnectionInput)
  stream?: StreamConnectionInput | null;
}

/** The connection that is given; null where there is none. @throws {CodedError} INVALID_INPUT where there are several. */
export function givenConnection({ file, database, api, stream }: ConnectionInputs): DataConnection | null {
  const given: readonly DataConnection[] = [
    file == null ? null : fileConnectionOf(file),
    database == null ? null : databaseConnectionOf(database),
    api == null ? null : apiConnectionOf(api),
    stream == null ? null : streamConnectionOf(stream),
  ].filter((connection) => connection !== null);
  if (given.length > 1) {
    const names = given.map(({ kind }) => kind.toLowerCase()).join(', ');
    throw new CodedError('INVALID_INPUT', `${names}: give only the one of the source's kind.`);
  }
  return given[0] ?? null;
}

/** What kinds do with that need not be told how. */
const defaults: Partial<Record<DataSourceKind, DataConnection>> = { FILE: fileConnectionOf({}) };

/** The connection of a new source. @throws {CodedError} INVALID_INPUT where none is given that its kind needs. */
export function connectionOf(kind: DataSourceKind, inputs: ConnectionInputs): DataConnection {
  const connection = givenConnection(inputs) ?? defaults[kind];
  if (connection !== undefined) return connection;
  throw new CodedError('INVALID_INPUT', `${kind.toLowerCase()}: a source of kind ${kind} needs it.`);
}
