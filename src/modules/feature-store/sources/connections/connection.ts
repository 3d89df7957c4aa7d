import { CodedError } from '../../../../common/errors/coded-error.js';
import type { ApiConnection } from './api-connection.js';
import type { DatabaseConnection } from './database-connection.js';
import { type FileConnection, isBucket, isFolder } from './file-connection.js';
import type { StreamConnection } from './stream-connection.js';
import type { Watermark } from './watermark.js';

/** Kinds of source. */
export const dataSourceKinds = ['FILE', 'DATABASE', 'API', 'STREAM'] as const;

export type DataSourceKind = (typeof dataSourceKinds)[number];

/** From where and how a source is read: one form for each kind. */
export type DataConnection = FileConnection | DatabaseConnection | ApiConnection | StreamConnection;

export type ConnectionOf<Kind extends DataSourceKind> = Extract<DataConnection, { readonly kind: Kind }>;

/** The connection, where it is of this kind. */
export const connectionOfKind = <Kind extends DataSourceKind>(
  connection: DataConnection,
  kind: Kind,
): ConnectionOf<Kind> | null => (connection.kind === kind ? (connection as ConnectionOf<Kind>) : null);

/** Whether each collection of such a source is told its file, instead of fetching what there is. */
export const takesFile = (connection: DataConnection): boolean =>
  connection.kind === 'FILE' && !isFolder(connection) && !isBucket(connection);

/** How such a source is read step by step; null where it is not, or by other means. */
export const watermarkOf = (connection: DataConnection): Watermark | null =>
  'watermark' in connection ? connection.watermark : null;

/** @throws {CodedError} INVALID_INPUT where a connection is of another kind than its source. */
export function checkKind(given: DataSourceKind, kind: DataSourceKind): void {
  if (given === kind) return;
  throw new CodedError(
    'INVALID_INPUT',
    `${given.toLowerCase()}: the source is of kind ${kind}; give ${kind.toLowerCase()} instead.`,
  );
}
