import type { Watermark } from './watermark.js';

/** How a connection to a database is encrypted, as libpq calls it. */
export const tlsModes = ['DISABLE', 'REQUIRE', 'VERIFY_FULL'] as const;

export type TlsMode = (typeof tlsModes)[number];

/** Name of the secret that is the password of a database. */
export const PASSWORD_SECRET = 'password';

/** From where a `DATABASE` source is read: a PostgreSQL. */
export interface DatabaseConnection {
  readonly kind: 'DATABASE';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly tls: TlsMode;
  /** Certificates in PEM that the server's must descend from; null: those that Node.js knows. */
  readonly certificateAuthority: string | null;
  /** One `SELECT`; null where a table is read. */
  readonly query: string | null;
  /** Null where a query is read. */
  readonly table: string | null;
  /** The schema that has the table; null: the first of the user's search path that does. */
  readonly tableSchema: string | null;
  /** Null: each collection reads all. */
  readonly watermark: Watermark | null;
}
