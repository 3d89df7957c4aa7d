import { registerEnumType } from '@nestjs/graphql';
import { type ValueType, valueTypes } from '../../value-types.js';
import { type DataSourceKind, dataSourceKinds } from '../connections/connection.js';
import { type DataFileFormat, dataFileFormats } from '../connections/file-connection.js';
import { type StreamSystem, streamSystems } from '../connections/stream-connection.js';
import { type DataSourceMode, dataSourceModes, validationPolicies, type ValidationPolicy } from '../data-source.js';

/** The values of a list as the enum object that GraphQL takes. */
export const enumOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { readonly [Key in Name]: Key };

export const ValueTypeEnum: { readonly [Name in ValueType]: Name } = enumOf(valueTypes);
export const DataSourceKindEnum: { readonly [Name in DataSourceKind]: Name } = enumOf(dataSourceKinds);
export const StreamSystemEnum: { readonly [Name in StreamSystem]: Name } = enumOf(streamSystems);
export const DataSourceModeEnum: { readonly [Name in DataSourceMode]: Name } = enumOf(dataSourceModes);
export const DataFileFormatEnum: { readonly [Name in DataFileFormat]: Name } = enumOf(dataFileFormats);
export const ValidationPolicyEnum: { readonly [Name in ValidationPolicy]: Name } = enumOf(validationPolicies);

registerEnumType(ValueTypeEnum, {
  name: 'ValueType',
  description: 'Type of the values of a column or feature.',
  valuesMap: {
    STRING: { description: 'A text.' },
    INT64: { description: 'A whole number of 64 bits.' },
    FLOAT64: { description: 'A floating-point number of 64 bits.' },
    BOOLEAN: { description: 'True or false.' },
    TIMESTAMP: { description: 'A moment, to the microsecond; without a zone it is UTC.' },
    JSON: { description: 'Any JSON, as text.' },
  },
});

registerEnumType(DataSourceKindEnum, {
  name: 'DataSourceKind',
  description: 'Where the data of a source comes from.',
  valuesMap: {
    FILE: { description: 'Files that were uploaded by PUT /api/artifacts, or that are found in a folder.' },
    DATABASE: { description: 'A table or a query of a PostgreSQL.' },
    API: { description: 'JSON or NDJSON over HTTP.' },
    STREAM: { description: 'A stream whose entries are read as they come, in micro-batches.' },
  },
});

registerEnumType(StreamSystemEnum, {
  name: 'StreamSystem',
  description: 'What holds a stream.',
  valuesMap: {
    REDIS: { description: 'Redis Streams: the fields of an entry are the columns of a row.' },
    KAFKA: { description: 'Kafka: the members of a JSON object are the columns of a row.' },
  },
});

registerEnumType(DataSourceModeEnum, {
  name: 'DataSourceMode',
  description: 'What a collection of a data source brings.',
  valuesMap: {
    REPLACE: { description: 'All the data: a snapshot has the rows of one collection.' },
    APPEND: { description: 'More data: the rows of a snapshot are added to those of the version before.' },
  },
});

registerEnumType(DataFileFormatEnum, {
  name: 'DataFileFormat',
  description: 'Format of a file of a data source. Each may be compressed with gzip or zstd, but for Parquet.',
  valuesMap: {
    CSV: { description: 'RFC 4180, UTF-8, with the names of the columns in the first line. An empty value is null.' },
    PARQUET: { description: 'Apache Parquet.' },
    NDJSON: { description: 'One JSON object a line.' },
    JSON: { description: 'One JSON array of objects.' },
  },
});

registerEnumType(ValidationPolicyEnum, {
  name: 'ValidationPolicy',
  description: 'What happens to a batch with rows that are not as the schema says.',
  valuesMap: {
    REJECT: { description: 'All of it is refused.' },
    QUARANTINE: { description: 'These rows are left out and kept aside; the others are taken.' },
    WARN: { description: 'All rows are taken; values that are not of their type become null.' },
  },
});
