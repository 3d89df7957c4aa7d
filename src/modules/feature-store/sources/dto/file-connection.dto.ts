import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsIn, IsOptional, Length, Matches, ValidateNested } from 'class-validator';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import { type DataFileFormat, dataFileFormats, type FileConnection } from '../connections/file-connection.js';
import { BucketLocationInput, bucketLocationOf, BucketLocationType } from './bucket-location.dto.js';
import { DataFileFormatEnum } from './data-source.enums.js';

/** Longest path of a folder, in UTF-16 code units. */
const MAX_FOLDER = 1_000;

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

  @Field(() => String, {
    nullable: true,
    description:
      'A folder of the worker, as a path from the root, whose files are collected, each once, and again when it changed. ' +
      'NESTOR_DATA_FOLDERS must list it or one that it lies in. Default: each collection is told its file.',
  })
  @IsOptional()
  @Length(1, MAX_FOLDER)
  @Matches(STORABLE_TEXT, { message: `folder ${STORABLE_TEXT_RULE}` })
  folder?: string | null;

  @Field(() => BucketLocationInput, {
    nullable: true,
    description: 'A bucket whose objects are collected, each once, and again when it changed, in place of a folder.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => BucketLocationInput)
  bucket?: BucketLocationInput | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Which files of the folder or bucket itself: their names, where `*` stands for any characters and `?` for one. Names that ' +
      'begin with a dot are left out. Default: all.',
  })
  @IsOptional()
  @Matches(/^[^/\0]{1,255}$/, { message: 'pattern has 1 to 255 characters and no slash' })
  pattern?: string | null;
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

  @Field(() => String, {
    nullable: true,
    description: 'The folder whose files are collected; null: they are elsewhere.',
  })
  folder!: string | null;

  @Field(() => BucketLocationType, {
    nullable: true,
    description: 'The bucket whose objects are collected; null: they are elsewhere.',
  })
  bucket!: BucketLocationType | null;

  @Field(() => String, {
    nullable: true,
    description: 'Names of the files that are collected; null: each collection is told its file.',
  })
  pattern!: string | null;
}

export const fileConnectionOf = ({
  format,
  delimiter,
  folder,
  bucket,
  pattern,
}: FileConnectionInput): FileConnection => ({
  kind: 'FILE',
  format: format ?? null,
  delimiter: delimiter ?? null,
  folder: folder ?? null,
  bucket: bucket == null ? null : bucketLocationOf(bucket),
  pattern: pattern ?? (folder == null && bucket == null ? null : '*'),
});
