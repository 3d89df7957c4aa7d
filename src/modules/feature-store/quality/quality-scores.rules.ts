import type {
  ColumnQuality,
  ExpressionRule,
  FileCounts,
  QualityBreach,
  QualityDimension,
  QualityExpectations,
  QualityScores,
  RuleQuality,
} from './data-quality.js';

/** What is known of a source besides its files. */
export interface SourceFacts {
  readonly keyColumns: readonly string[];
  /** Rows that were left out of the files and still wait in quarantine. */
  readonly rowsQuarantined: number;
  /** Values that were of no type when they came, and are null now, by column. */
  readonly lostValues: ReadonlyMap<string, number>;
  readonly maxAgeSeconds: number | null;
  readonly maxSilenceSeconds: number | null;
  /** When a collection last succeeded, in milliseconds since the epoch. */
  readonly lastCollectedAt: number | null;
}

/** @param whole of `total`, or null where there is none of which a share could be told. */
export const shareOf = (whole: number, total: number): number | null => (total > 0 ? whole / total : null);

/** 1 up to the age that is allowed, and beyond it the less the older: half at twice the age. */
export const freshnessOf = (ageMs: number, maxAgeMs: number): number => (ageMs <= maxAgeMs ? 1 : maxAgeMs / ageMs);

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

const lowest = (scores: readonly (number | null)[]): number | null => {
  const told = scores.filter((score) => score !== null);
  return told.length === 0 ? null : Math.min(...told);
};

export const rowsOf = (files: readonly FileCounts[]): number => sumOf(files.map(({ rows }) => rows));

/** The quality of each column over all files, in the order of the first. */
export function columnQualities(files: readonly FileCounts[], facts: SourceFacts): ColumnQuality[] {
  const rows = rowsOf(files);
  const [key] = facts.keyColumns;
  return (files[0]?.columns ?? []).map(({ column }, at) => {
    const present = sumOf(files.map(({ columns }) => columns[at]?.present ?? 0));
    const lost = facts.lostValues.get(column) ?? 0;
    const invalid = sumOf(files.map(({ columns }) => columns[at]?.invalid ?? 0)) + lost;
    return {
      column,
      completeness: shareOf(present, rows),
      uniqueness: facts.keyColumns.length === 1 && column === key ? uniquenessOf(files) : null,
      validity: shareOf(present + lost - invalid, present + lost),
    };
  });
}

/** Rows of one key are told apart within a file only: in a later one they are changes. */
export function uniquenessOf(files: readonly FileCounts[]): number | null {
  const counted = files.filter(({ duplicates }) => duplicates !== null);
  const rows = rowsOf(counted);
  return shareOf(rows - sumOf(counted.map(({ duplicates }) => duplicates ?? 0)), rows);
}

/** How a declared expression held over all files. */
export function expressionQuality(files: readonly FileCounts[], { name }: ExpressionRule): RuleQuality {
  const counts = files.flatMap(({ expressions }) => expressions.filter(({ rule }) => rule === name));
  const error = counts.find((count) => count.error !== null)?.error ?? null;
  const rows = rowsOf(files);
  const broken = sumOf(counts.map((count) => count.broken));
  const score = error === null ? shareOf(rows - broken, rows) : null;
  return { rule: name, score, rows, broken, error, referencedVersion: null };
}

/** The scores of a source as a whole. */
export function scoresOf(
  files: readonly FileCounts[],
  facts: SourceFacts,
  rules: readonly RuleQuality[],
  now: number,
): QualityScores {
  const rows = rowsOf(files);
  const cells = sumOf(files.map((file) => file.rows * file.columns.length));
  const present = sumOf(files.flatMap(({ columns }) => columns.map((column) => column.present)));
  // Rows that lost values of several columns are not known one by one; there are at least as many as lost one of a column.
  const lost = Math.max(0, ...facts.lostValues.values());
  const valid = Math.max(0, rows - sumOf(files.map(({ invalidRows }) => invalidRows)) - lost);
  return {
    COMPLETENESS: shareOf(present, cells),
    UNIQUENESS: uniquenessOf(files),
    VALIDITY: shareOf(valid, rows + facts.rowsQuarantined),
    // One rule that is broken must not be hidden by others that hold.
    CONSISTENCY: lowest(rules.map(({ score }) => score)),
    TIMELINESS: timelinessOf(files, facts, now),
  };
}

function timelinessOf(files: readonly FileCounts[], facts: SourceFacts, now: number): number | null {
  const events = files.flatMap(({ newestEvent }) => (newestEvent === null ? [] : [newestEvent]));
  const ages: readonly (readonly [since: number | null, maxSeconds: number | null])[] = [
    [events.length === 0 ? null : Math.max(...events), facts.maxAgeSeconds],
    [facts.lastCollectedAt, facts.maxSilenceSeconds],
  ];
  return lowest(
    ages.map(([since, maxSeconds]) =>
      since === null || maxSeconds === null ? null : freshnessOf(now - since, maxSeconds * 1_000),
    ),
  );
}

/** All that is below its threshold, or could not be checked: of the source first, then of columns and rules. */
export function breachesOf(
  { thresholds, columnThresholds }: QualityExpectations,
  scores: QualityScores,
  columns: readonly ColumnQuality[],
  rules: readonly RuleQuality[],
): QualityBreach[] {
  const own = new Map(columnThresholds.map((given) => [`${given.dimension} ${given.column}`, given.threshold]));
  const breach = (
    dimension: QualityDimension,
    score: number | null,
    of: { readonly column?: string; readonly rule?: string } = {},
  ): QualityBreach => ({
    dimension,
    column: of.column ?? null,
    rule: of.rule ?? null,
    score,
    threshold: (of.column === undefined ? undefined : own.get(`${dimension} ${of.column}`)) ?? thresholds[dimension],
  });
  const measured = [
    // Of consistency each rule is told by itself.
    ...(['COMPLETENESS', 'UNIQUENESS', 'VALIDITY', 'TIMELINESS'] as const).map((dimension) =>
      breach(dimension, scores[dimension]),
    ),
    ...columns.flatMap(({ column, completeness, uniqueness, validity }) => [
      breach('COMPLETENESS', completeness, { column }),
      breach('UNIQUENESS', uniqueness, { column }),
      breach('VALIDITY', validity, { column }),
    ]),
    ...rules.map(({ rule, score }) => breach('CONSISTENCY', score, { rule })),
  ];
  const unchecked = new Set(rules.filter(({ error }) => error !== null).map(({ rule }) => rule));
  return measured.filter(({ score, threshold, rule }) =>
    score === null ? rule !== null && unchecked.has(rule) : score < threshold,
  );
}
