import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { type DataFileFormat, dataFileFormats, type FileConnection } from '../connections/file-connection.js';
import { DataFileFormatEnum } from './data-source.enums.js';

@InputType({ description: 'How the files of a data source are read.' })
export class FileConnectionInput {
  @Field(() => DataFileFormatEnum, { nullable: true, description: 'Their format. Default: told by each file.' })
  @IsOptional()
  @IsIn(dataFileFormats)
  format?: DataFileFormat | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The character between two values of CSV. Default: of comma, semicolon, tab and bar the one in the header.',
  })
  @IsOptional()
  @Matches(/^[^\r\n"\0]$/, { message: 'delimiter is one character, and neither a quote nor a line break' })
  delimiter?: string | null;
}

@ObjectType('FileConnection', { description: 'How the files of a data source are read.' })
export class FileConnectionType implements Omit<FileConnection, 'kind'> {
  @Field(() => DataFileFormatEnum, { nullable: true, description: 'Their format; null: told by each file.' })
  format!: DataFileFormat | null;

  @Field(() => String, {
    nullable: true,
    description: 'The character between two values of CSV; null: told by each file.',
  })
  delimiter!: string | null;
}

export const fileConnectionOf = ({ format, delimiter }: FileConnectionInput): FileConnection => ({
  kind: 'FILE',
  format: format ?? null,
  delimiter: delimiter ?? null,
});
