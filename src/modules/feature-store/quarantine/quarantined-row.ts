import type { ValidationRule } from '../validation/validation-report.js';

/** A value of a row in quarantine. */
export interface QuarantinedValue {
  readonly column: string;
  /** As it came; null where it is, or must not be shown. */
  readonly value: string | null;
  readonly isMasked: boolean;
}

/** A rule that a row broke. */
export interface RowViolation {
  /** Null where the rule is not one of a single column. */
  readonly column: string | null;
  readonly rule: ValidationRule;
}

/** A row that was left out. */
export interface QuarantinedRow {
  readonly collectionId: string;
  /** Its number in the batch, from 1. */
  readonly row: number;
  readonly values: readonly QuarantinedValue[];
  readonly violations: readonly RowViolation[];
}

/** Which rows to list; what is left out does not matter. */
export interface QuarantineCriteria {
  readonly collectionId?: string | undefined;
  readonly rule?: ValidationRule | undefined;
  readonly column?: string | undefined;
}

/** A value to be taken in place of the one that came. */
export interface RowCorrection {
  readonly row: number;
  readonly column: string;
  readonly value: string | null;
}
