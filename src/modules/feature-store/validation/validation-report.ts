/** What can be wrong with a batch: with columns, with values, with rows, and with all of it. */
export const validationRules = [
  'MISSING_COLUMN',
  'EXTRA_COLUMN',
  'TYPE',
  'NULL',
  'NOT_FINITE',
  'RANGE',
  'ALLOWED_VALUES',
  'PATTERN',
  'FUTURE',
  'DUPLICATE_KEY',
  'DUPLICATE_ROW',
  'STALE',
] as const;

export type ValidationRule = (typeof validationRules)[number];

/** A value that broke a rule. */
export interface ViolationSample {
  /** Number of the row, from 1. */
  readonly row: number;
  /** As it came; null where it is null, or must not be shown. */
  readonly value: string | null;
}

/** A rule that was broken. */
export interface Violation {
  readonly rule: ValidationRule;
  /** Null where the rule is not one of a single column. */
  readonly column: string | null;
  /** How many rows broke it. */
  readonly rows: number;
  readonly samples: readonly ViolationSample[];
}

export interface ValidationReport {
  readonly rowsRead: number;
  /** Rows that broke a rule of values or rows. */
  readonly rowsInvalid: number;
  readonly violations: readonly Violation[];
}
