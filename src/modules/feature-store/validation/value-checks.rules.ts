import { literal, quoted } from '../engine/sql-text.js';
import type { DataColumn } from '../sources/data-source.js';
import type { ValidationRule } from './validation-report.js';

/** Clocks that are ahead of ours are forgiven so much, in milliseconds. */
export const CLOCK_SKEW_MS = 60_000;

/** Rules of values, and the bit that each has among the faults of a value. */
export const faultBits = {
  TYPE: 1,
  NULL: 2,
  NOT_FINITE: 4,
  RANGE: 8,
  ALLOWED_VALUES: 16,
  PATTERN: 32,
  FUTURE: 64,
} as const satisfies Partial<Record<ValidationRule, number>>;

export type ValueRule = keyof typeof faultBits;

export const valueRules = Object.keys(faultBits) as readonly ValueRule[];

/**
 * A moment, as SQL. It is read with a zone, so that an offset counts; what has none is UTC, as the engine is. ISO 8601 may
 * leave seconds out, which the engine does not take.
 */
const momentOf = (text: string): string =>
  `CAST(coalesce(TRY_CAST(${text} AS TIMESTAMPTZ),
    TRY_CAST(regexp_replace(${text}, '^(.{10}[T ][0-9]{2}:[0-9]{2})([Z+-].*)?$', '\\1:00\\2') AS TIMESTAMPTZ)) AS TIMESTAMP)`;

/** A moment, or null where it is infinite: the engine knows two of these. */
const finite = (moment: string): string => `nullif(nullif(${moment}, TIMESTAMP 'infinity'), TIMESTAMP '-infinity')`;

/** Whether the engine would write a value just as the text is: most values come so, and need no look at their form. */
const isAsWritten = (text: string, type: 'BIGINT' | 'TIMESTAMP'): string =>
  `CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR) = ${text}`;

/** Whether a text has a form which has no room for an offset. */
const isToTheSecond = (text: string): string =>
  `${text} LIKE '____-__-__ __:__:__' OR ${text} LIKE '____-__-__T__:__:__'`;

/** The value that a text stands for, by type, as SQL. */
const values: Readonly<Record<DataColumn['type'], (text: string) => string>> = {
  STRING: (text) => text,
  // A cast alone would round 1.5 to 2. Whole numbers that went through a floating-point column end in `.0`.
  INT64: (text) =>
    `CASE WHEN ${isAsWritten(text, 'BIGINT')} THEN TRY_CAST(${text} AS BIGINT)
      WHEN regexp_full_match(trim(${text}), '[+-]?[0-9]{1,19}(\\.0*)?')
      THEN TRY_CAST(split_part(trim(${text}), '.', 1) AS BIGINT) END`,
  FLOAT64: (text) => `coalesce(TRY_CAST(${text} AS DOUBLE), TRY_CAST(trim(${text}) AS DOUBLE))`,
  BOOLEAN: (text) => `coalesce(TRY_CAST(${text} AS BOOLEAN), TRY_CAST(trim(${text}) AS BOOLEAN))`,
  TIMESTAMP: (text) =>
    // The engine leaves offsets out of account here: only where there is none, or `Z`, it may take the quick way.
    finite(
      `CASE WHEN ${isToTheSecond(text)} OR suffix(${text}, 'Z') OR ${isAsWritten(text, 'TIMESTAMP')}
        THEN coalesce(TRY_CAST(${text} AS TIMESTAMP), ${momentOf(`trim(${text})`)})
        ELSE ${momentOf(`trim(${text})`)} END`,
    ),
  JSON: (text) => `CASE WHEN json_valid(${text}) THEN ${text} END`,
};

/** The value that a text stands for, as SQL: null where it stands for none of the type. */
export const valueOf = (text: string, type: DataColumn['type']): string => values[type](text);

/** A rule and when a value breaks it, as SQL. */
export interface ValueCheck {
  readonly rule: ValueRule;
  readonly isBroken: string;
}

/**
 * The rules that hold for the values of a column.
 * @param text the text as it came. @param value what it stands for; both as SQL.
 */
export function checksOf(
  column: DataColumn,
  text: string,
  value: string,
  eventTimeColumn: string | null,
  now: Date,
): ValueCheck[] {
  const { type, minimum, maximum, allowedValues, pattern } = column;
  const checks: ValueCheck[] = [{ rule: 'TYPE', isBroken: `${text} IS NOT NULL AND ${value} IS NULL` }];
  if (!column.isNullable) checks.push({ rule: 'NULL', isBroken: `${text} IS NULL` });
  if (type === 'FLOAT64') checks.push({ rule: 'NOT_FINITE', isBroken: `NOT isfinite(${value})` });
  const bounds = [
    ...(minimum === null ? [] : [`${value} < ${minimum}`]),
    ...(maximum === null ? [] : [`${value} > ${maximum}`]),
  ];
  // NaN is above every number to the engine; it has a rule of its own.
  const isNumber = type === 'FLOAT64' ? `isfinite(${value})` : 'true';
  if (bounds.length > 0) checks.push({ rule: 'RANGE', isBroken: `${isNumber} AND (${bounds.join(' OR ')})` });
  if (allowedValues !== null) {
    const list = allowedValues.map((allowed) => (type === 'INT64' ? `${BigInt(allowed)}` : literal(allowed)));
    checks.push({ rule: 'ALLOWED_VALUES', isBroken: `${value} NOT IN (${list.join(', ')})` });
  }
  if (pattern !== null) {
    checks.push({ rule: 'PATTERN', isBroken: `NOT regexp_full_match(${value}, ${literal(pattern)})` });
  }
  if (column.name === eventTimeColumn) {
    const latest = new Date(now.getTime() + CLOCK_SKEW_MS).toISOString().replace('Z', '');
    checks.push({ rule: 'FUTURE', isBroken: `${value} > TIMESTAMP ${literal(latest)}` });
  }
  return checks;
}

/** The faults of a value as one number, as SQL. */
export const faultsOf = (checks: readonly ValueCheck[]): string =>
  checks.map(({ rule, isBroken }) => `CASE WHEN ${isBroken} THEN ${faultBits[rule]} ELSE 0 END`).join(' + ');

/** Names of the columns that come about while rows are checked; `at` is the place of the user's column. */
export const textColumn = (at: number): string => quoted(`__text_${at}`);
export const valueColumn = (at: number): string => quoted(`__value_${at}`);
export const faultsColumn = (at: number): string => quoted(`__faults_${at}`);
