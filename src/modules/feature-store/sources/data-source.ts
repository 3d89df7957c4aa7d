import type { TypedColumn } from '../value-types.js';

/** What a column of a source must hold. */
export interface DataColumn extends TypedColumn {
  readonly description: string;
  readonly isNullable: boolean;
  /** Bounds of numbers, both included. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** The only values there may be, as text. */
  readonly allowedValues: readonly string[] | null;
  /** What a text must match as a whole, as a regular expression of RE2. */
  readonly pattern: string | null;
  /** Whether its values are kept out of reports and statistics. */
  readonly isSensitive: boolean;
}

/** What the rows of a source must be. */
export interface DataSchema {
  readonly columns: readonly DataColumn[];
  /** What tells rows apart; none where nothing does. */
  readonly keyColumns: readonly string[];
  /** When that happened which a row tells of. */
  readonly eventTimeColumn: string | null;
  /** How old the newest event of a batch may be. */
  readonly maxAgeSeconds: number | null;
  /** Whether equal rows are a fault. With keys, rows of one key are one in any case. */
  readonly hasUniqueRows: boolean;
}

/** What a collection brings: all the data of a source, in place of what was there, or more of it. */
export const dataSourceModes = ['REPLACE', 'APPEND'] as const;

export type DataSourceMode = (typeof dataSourceModes)[number];

/** What happens to rows that are not as the schema says. */
export const validationPolicies = ['REJECT', 'QUARANTINE', 'WARN'] as const;

export type ValidationPolicy = (typeof validationPolicies)[number];
