import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { DataSchema, DataSourceMode } from '../data-source.js';
import { faultOfApi } from './api-connection.rules.js';
import { faultOfBucket } from './bucket-location.rules.js';
import { type DataConnection, takesFile, watermarkOf } from './connection.js';
import type { FileConnection } from './file-connection.js';
import { isOtherStream } from './stream-connection.js';

/** What of a source tells how it is read. */
export interface ReadSource {
  readonly connection: DataConnection;
  readonly schema: DataSchema;
  readonly mode: DataSourceMode;
}

/** @throws {CodedError} INVALID_INPUT where a source cannot be read so. */
export function checkConnection({ connection, schema, mode }: ReadSource): void {
  if (connection.kind === 'DATABASE') {
    const { query, table, tableSchema } = connection;
    if ((query === null) === (table === null)) throw wrong('database', 'give either a query or a table');
    if (query !== null && tableSchema !== null) throw wrong('database', 'tableSchema goes with a table only');
  }
  if (connection.kind === 'API') {
    const fault = faultOfApi(connection);
    if (fault !== null) throw wrong('api', fault);
  }
  if (connection.kind === 'FILE') checkFiles(connection, mode);
  if (connection.kind === 'STREAM' && mode !== 'APPEND') {
    throw wrong('mode', 'a stream brings more data each time; set mode to APPEND');
  }
  const watermark = watermarkOf(connection);
  if (watermark === null) return;
  const type = schema.columns.find(({ name }) => name === watermark.column)?.type;
  if (type !== 'INT64' && type !== 'TIMESTAMP') {
    throw wrong('watermark', `there is no column ${watermark.column} of type INT64 or TIMESTAMP`);
  }
  if (type === 'INT64' && !Number.isInteger(watermark.overlap)) {
    throw wrong('watermark', `the overlap of ${watermark.column} must be a whole number, as its values are`);
  }
  if (mode !== 'APPEND') throw wrong('watermark', 'what is read step by step is appended; set mode to APPEND');
}

function checkFiles({ folder, bucket, pattern }: FileConnection, mode: DataSourceMode): void {
  if (folder !== null && bucket !== null) throw wrong('file', 'give either a folder or a bucket');
  if (folder === null && bucket === null) {
    if (pattern !== null) throw wrong('file', 'a pattern goes with a folder or a bucket only');
    return;
  }
  const fault = bucket && faultOfBucket(bucket);
  if (fault !== null) throw wrong('bucket', fault);
  if (mode !== 'APPEND') throw wrong('mode', 'each file that is found brings more data; set mode to APPEND');
}

/** @throws {CodedError} INVALID_INPUT where a source is not collected by a clock. */
export function checkRefresh(connection: DataConnection, refreshIntervalSeconds: number | null): void {
  if (refreshIntervalSeconds === null) return;
  if (takesFile(connection)) throw wrong('refreshIntervalSeconds', 'a source that is told its files fetches none');
  if (connection.kind === 'STREAM')
    throw wrong('refreshIntervalSeconds', 'a stream is read whenever it has something new');
}

/**
 * Whether a source must be read from the beginning after a change, because what was read step by step is something else
 * than what will be.
 */
export function isReadAnew(before: ReadSource, after: ReadSource): boolean {
  if (before.connection.kind === 'FILE' && after.connection.kind === 'FILE') {
    return !isDeepStrictEqual(placeOf(before.connection), placeOf(after.connection));
  }
  if (before.connection.kind === 'STREAM' && after.connection.kind === 'STREAM') {
    return isOtherStream(before.connection, after.connection);
  }
  if (watermarkOf(before.connection) === null) return false;
  return !isDeepStrictEqual(whatIsRead(before), whatIsRead(after));
}

/** Who reads it is no part of the place. */
const placeOf = ({ folder, bucket }: FileConnection): unknown => [
  folder,
  bucket && [bucket.endpoint, bucket.name, bucket.prefix],
];

const whatIsRead = ({ connection, schema, mode }: ReadSource): unknown => [
  connection,
  mode,
  schema.columns.map(({ name }) => name),
];

const wrong = (field: string, what: string): CodedError => new CodedError('INVALID_INPUT', `${field}: ${what}.`);
