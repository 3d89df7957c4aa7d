/** What quality is measured in; each from 0, nothing is right, to 1, all is. */
export const qualityDimensions = ['COMPLETENESS', 'UNIQUENESS', 'VALIDITY', 'CONSISTENCY', 'TIMELINESS'] as const;

export type QualityDimension = (typeof qualityDimensions)[number];

/** Null where nothing is declared by which it could be measured. */
export type QualityScores = Readonly<Record<QualityDimension, number | null>>;

/** Scores below these are breaches. */
export type QualityThresholds = Readonly<Record<QualityDimension, number>>;

export const defaultThresholds: QualityThresholds = {
  COMPLETENESS: 0.9,
  UNIQUENESS: 0.95,
  VALIDITY: 0.95,
  CONSISTENCY: 0.9,
  TIMELINESS: 0.8,
};

/** Dimensions that single columns have. */
export const columnDimensions = ['COMPLETENESS', 'UNIQUENESS', 'VALIDITY'] as const;

export type ColumnDimension = (typeof columnDimensions)[number];

/** What counts for one column in place of the threshold of its source. */
export interface ColumnThreshold {
  readonly column: string;
  readonly dimension: ColumnDimension;
  readonly threshold: number;
}

/** What must hold for each row: an expression over its columns that must not be false, as with `CHECK` of SQL. */
export interface ExpressionRule {
  readonly name: string;
  readonly expression: string;
}

/** A column whose values must be among those of a column of another source. */
export interface ReferenceRule {
  readonly name: string;
  readonly column: string;
  /** UUID of the other source. */
  readonly sourceId: string;
  /** Its name when the rule was declared. */
  readonly source: string;
  readonly sourceColumn: string;
}

/** What is expected of the data of a source, beyond its schema. */
export interface QualityExpectations {
  readonly thresholds: QualityThresholds;
  readonly columnThresholds: readonly ColumnThreshold[];
  readonly expressions: readonly ExpressionRule[];
  readonly references: readonly ReferenceRule[];
  /** How long ago the last collection may have succeeded; null for any time. */
  readonly maxSilenceSeconds: number | null;
}

export const defaultExpectations: QualityExpectations = {
  thresholds: defaultThresholds,
  columnThresholds: [],
  expressions: [],
  references: [],
  maxSilenceSeconds: null,
};

export interface ColumnQuality {
  readonly column: string;
  /** Null where there are no rows. */
  readonly completeness: number | null;
  /** Of the one column that is the key; null for others. */
  readonly uniqueness: number | null;
  /** Of what is not null; null where all is. */
  readonly validity: number | null;
}

/** How a declared rule held. */
export interface RuleQuality {
  readonly rule: string;
  /** Share of the rows for which it holds; null where it could not be checked, or there are none. */
  readonly score: number | null;
  readonly rows: number;
  readonly broken: number;
  /** Why it could not be checked. */
  readonly error: string | null;
  /** The version of the other source that was looked at. */
  readonly referencedVersion: number | null;
}

/** A score that is below its threshold, or a rule that could not be checked. */
export interface QualityBreach {
  readonly dimension: QualityDimension;
  readonly column: string | null;
  readonly rule: string | null;
  readonly score: number | null;
  readonly threshold: number;
}

/** What was measured of a source at one time. */
export interface QualityMeasurement {
  readonly snapshotVersion: number;
  readonly rows: number;
  /** Rows that were left out of them and still wait in quarantine. */
  readonly rowsQuarantined: number;
  readonly scores: QualityScores;
  readonly columns: readonly ColumnQuality[];
  readonly rules: readonly RuleQuality[];
  readonly breaches: readonly QualityBreach[];
}

/** What was counted in the file of one snapshot; what a source has is the sum of its files. */
export interface FileCounts {
  readonly rows: number;
  /** Rows with a value that is not as the schema says. */
  readonly invalidRows: number;
  /** Rows that repeat another one of the file; null where nothing tells rows apart. */
  readonly duplicates: number | null;
  /** The newest event, in milliseconds since the epoch. */
  readonly newestEvent: number | null;
  readonly columns: readonly ColumnCounts[];
  readonly expressions: readonly ExpressionCounts[];
}

export interface ColumnCounts {
  readonly column: string;
  /** How many are not null. */
  readonly present: number;
  readonly invalid: number;
}

export interface ExpressionCounts {
  readonly rule: string;
  readonly broken: number;
  readonly error: string | null;
}
