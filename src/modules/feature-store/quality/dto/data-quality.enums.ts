import { registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import { type ColumnDimension, columnDimensions, type QualityDimension, qualityDimensions } from '../data-quality.js';

export const QualityDimensionEnum: { readonly [Name in QualityDimension]: Name } = enumOf(qualityDimensions);
export const ColumnDimensionEnum: { readonly [Name in ColumnDimension]: Name } = enumOf(columnDimensions);

const meanings = {
  COMPLETENESS: { description: 'Share of the values that are there.' },
  UNIQUENESS: { description: 'Share of the rows that repeat no other one of their batch.' },
  VALIDITY: { description: 'Share of the values, or of all rows that came, that are as the schema says.' },
  CONSISTENCY: {
    description: 'Share of the rows for which a declared rule holds; of a source that of its worst rule.',
  },
  TIMELINESS: { description: '1 while the data is as young as declared; beyond that the allowed age by the age.' },
} as const;

registerEnumType(QualityDimensionEnum, {
  name: 'QualityDimension',
  description: 'What quality of data is measured in, each from 0 to 1.',
  valuesMap: meanings,
});

const { COMPLETENESS, UNIQUENESS, VALIDITY } = meanings;

registerEnumType(ColumnDimensionEnum, {
  name: 'ColumnQualityDimension',
  description: 'What quality of a single column is measured in.',
  valuesMap: { COMPLETENESS, UNIQUENESS, VALIDITY },
});
