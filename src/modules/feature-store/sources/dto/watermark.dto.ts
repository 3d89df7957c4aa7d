import { Field, Float, InputType, ObjectType } from '@nestjs/graphql';
import { IsNumber, IsOptional, Length, Max, Min } from 'class-validator';
import type { Watermark } from '../connections/watermark.js';

/** Rows are seen a little later than they say they were written: transactions take time, and clocks differ. */
const DEFAULT_OVERLAP = 60;

/** A year of seconds. */
const MAX_OVERLAP = 31_536_000;

const COLUMN = 'Column of the schema whose greatest value tells up to where was read: INT64 or TIMESTAMP.';
const OVERLAP =
  'How far below that is read again, for rows that are seen late: seconds of a TIMESTAMP, units of an INT64. Rows that were ' +
  'read before are not taken twice.';

@InputType({ description: 'How a source is read step by step. Its mode must be APPEND.' })
export class WatermarkInput {
  @Field(() => String, { description: COLUMN })
  @Length(1, 128)
  column!: string;

  @Field(() => Float, { nullable: true, description: `${OVERLAP} Default: ${DEFAULT_OVERLAP}.` })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_OVERLAP)
  overlap?: number | null;
}

@ObjectType('Watermark', { description: 'How a source is read step by step.' })
export class WatermarkType implements Watermark {
  @Field(() => String, { description: COLUMN })
  column!: string;

  @Field(() => Float, { description: OVERLAP })
  overlap!: number;
}

export const watermarkFrom = ({ column, overlap }: WatermarkInput): Watermark => ({
  column,
  overlap: overlap ?? DEFAULT_OVERLAP,
});
