import { CodedError } from '../../../../common/errors/coded-error.js';
import { literal, quoted, storedTypes } from '../../engine/sql-text.js';
import { CLOCK_SKEW_MS, valueOf } from '../../validation/value-checks.rules.js';
import type { TypedColumn, ValueType } from '../../value-types.js';

/** A column of the labels as it is read. */
export interface LabelColumn {
  readonly name: string;
  /** Its value, as SQL. */
  readonly value: string;
  /** What is wrong with some values, each with when it is, as SQL. */
  readonly faults: readonly { readonly isBroken: string; readonly problem: string }[];
}

/** Types of the engine that hold nothing but values of a type. */
const sameTypes: Readonly<Record<ValueType, RegExp>> = {
  STRING: /^(VARCHAR|ENUM|UUID)/,
  INT64: /^((TINY|SMALL|BIG)INT|INTEGER|U(TINY|SMALL)INT|UINTEGER)$/,
  FLOAT64: /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|FLOAT|DOUBLE|DECIMAL)/,
  BOOLEAN: /^BOOLEAN/,
  TIMESTAMP: /^(TIMESTAMP|DATE)/,
  JSON: /^(JSON|VARCHAR)/,
};

/** Types whose values may be whole numbers, each of which has to be looked at. */
const maybeWhole = /^(FLOAT|DOUBLE|DECIMAL|U?HUGEINT|UBIGINT)/;

/**
 * A column that is needed, of rows whose columns have types.
 * @param type as DuckDB calls it. @throws {CodedError} INVALID_INPUT where it never holds what is needed.
 */
export function typedColumn({ name, type: needed }: TypedColumn, type: string): LabelColumn {
  const column = quoted(name);
  if (sameTypes[needed].test(type)) return { name, value: `CAST(${column} AS ${storedTypes[needed]})`, faults: [] };
  if (needed === 'INT64' && maybeWhole.test(type)) {
    const value = `TRY_CAST(${column} AS BIGINT)`;
    const isBroken = `${column} IS NOT NULL AND ${value} IS DISTINCT FROM ${column}`;
    return { name, value, faults: [{ isBroken, problem: 'is no INT64' }] };
  }
  throw new CodedError(
    'INVALID_INPUT',
    `Column ${JSON.stringify(name)} of the labels holds ${type}, but must hold ${needed}.`,
  );
}

/** A column that is needed, of rows that are text. @param text as SQL. */
export function textColumn({ name, type }: TypedColumn, text: string): LabelColumn {
  const value = valueOf(text, type);
  const isBroken = `${text} IS NOT NULL AND ${value} IS NULL`;
  return { name, value, faults: [{ isBroken, problem: `is no ${type}` }] };
}

/** The same column as the one that says when each label looks at the features: never later than `now`. */
export function momentColumn(column: LabelColumn, now: Date): LabelColumn {
  const { value, faults } = column;
  const latest = new Date(now.getTime() + CLOCK_SKEW_MS).toISOString().replace('Z', '');
  return {
    ...column,
    faults: [
      ...faults,
      { isBroken: `${value} IS NULL`, problem: 'is missing: each label needs its moment' },
      { isBroken: `NOT isfinite(${value})`, problem: 'is infinite' },
      { isBroken: `isfinite(${value}) AND ${value} > TIMESTAMP ${literal(latest)}`, problem: 'is in the future' },
    ],
  };
}

/** What the texts of a column may look like: the first form that all of them have tells its type. */
const forms = [
  ['INT64', '-?(0|[1-9][0-9]{0,17})'],
  ['FLOAT64', '[+-]?((0|[1-9][0-9]*)(\\.[0-9]*)?([eE][+-]?[0-9]+)?|[nN]a[nN]|[iI]nf(inity)?)'],
  ['BOOLEAN', '[tT]rue|[fF]alse|TRUE|FALSE'],
] as const;

/** For `typeOfForms`: how many texts there are, and how many do not have each form, as SQL that aggregates. */
export const formCounts = (text: string): string[] => [
  `count(${text})`,
  ...forms.map(([, form]) => `count(*) FILTER (NOT regexp_full_match(${text}, ${literal(form)}))`),
];

/** The type of a column of which only its texts are known. @param counts what `formCounts` counted. */
export function typeOfForms([texts = 0, ...misses]: readonly number[]): ValueType {
  return (texts > 0 ? forms.find((_, at) => misses[at] === 0)?.[0] : undefined) ?? 'STRING';
}

/** Longest name of a column of the labels, in UTF-16 code units. */
const MAX_NAME = 256;

/** @throws {CodedError} INVALID_INPUT where a column is missing, or has a name that cannot stand in a result. */
export function assertLabelNames(names: readonly string[], needed: readonly TypedColumn[]): void {
  const missing = needed.find(({ name }) => !names.includes(name));
  if (missing !== undefined) {
    const there = names.map((name) => JSON.stringify(name)).join(', ');
    throw new CodedError(
      'INVALID_INPUT',
      `The labels have no column ${JSON.stringify(missing.name)}; they have ${there.slice(0, 1_000)}.`,
    );
  }
  const odd = names.find(
    (name) => name === '' || name.length > MAX_NAME || name.includes('\0') || name.startsWith('__'),
  );
  if (odd === undefined) return;
  throw new CodedError(
    'INVALID_INPUT',
    `A column of the labels cannot be called ${JSON.stringify(odd.slice(0, 100))}: give it a name of 1 to ${MAX_NAME} characters without U+0000 that does not begin with two underscores.`,
  );
}
