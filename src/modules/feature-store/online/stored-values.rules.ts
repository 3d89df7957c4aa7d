import { loneSurrogate } from '../json-values.rules.js';
import type { FeatureValue, ValueType } from '../value-types.js';

const MICROSECONDS = 1_000;

const int64 = { least: -(2n ** 63n), greatest: 2n ** 63n - 1n };

/** How null is stored. */
export const NULL_TEXT = 'n';

/**
 * A value as text that tells its type by its first character, so that nothing is lost or mistaken on the way: `i` and the
 * digits of an `INT64`, `d` and the shortest digits of a `FLOAT64`, `b1` and `b0`, `t` and the microseconds of a
 * `TIMESTAMP`, `s` or `j` and the text itself.
 * @returns undefined where the value is not of the type.
 */
export function storedText(value: FeatureValue, type: ValueType): string | undefined {
  return value === null ? NULL_TEXT : writers[type](value);
}

const writers: Readonly<Record<ValueType, (value: NonNullable<FeatureValue>) => string | undefined>> = {
  STRING: (value) => textOf('s', value),
  JSON: (value) => textOf('j', value),
  BOOLEAN: (value) => (typeof value === 'boolean' ? (value ? 'b1' : 'b0') : undefined),
  FLOAT64: (value) => (typeof value === 'number' ? `d${Object.is(value, -0) ? '-0' : value}` : undefined),
  INT64: (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? `i${value}` : undefined;
    if (typeof value !== 'bigint' || value < int64.least || value > int64.greatest) return undefined;
    return `i${value}`;
  },
  TIMESTAMP: (value) => {
    const micros = typeof value === 'number' ? microsecondsOf(value) : undefined;
    return micros === undefined ? undefined : `t${micros}`;
  },
};

function textOf(mark: string, value: NonNullable<FeatureValue>): string | undefined {
  return typeof value === 'string' && !loneSurrogate.test(value) ? mark + value : undefined;
}

/** The value that `storedText` wrote. */
export function storedValue(text: string): FeatureValue {
  const rest = text.slice(1);
  switch (text[0]) {
    case 's':
    case 'j':
      return rest;
    case 'd':
      return Number(rest);
    case 'b':
      return rest === '1';
    case 'i':
      return wholeNumber(rest);
    case 't':
      return Number(rest) / MICROSECONDS;
    case NULL_TEXT:
      return null;
    default:
      throw new Error(`The online store holds a value of no known type: ${text.slice(0, 20)}`);
  }
}

function wholeNumber(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

/**
 * A moment in milliseconds as whole microseconds. Milliseconds with a fraction tell them exactly up to the year 2109, and
 * as whole numbers they are exact, in Lua too, up to 2255.
 * @returns undefined where it is no moment, or one beyond.
 */
export function microsecondsOf(milliseconds: number): number | undefined {
  const micros = Math.round(milliseconds * MICROSECONDS);
  // Adding 0 makes -0 a plain zero.
  return Number.isSafeInteger(micros) ? micros + 0 : undefined;
}

export const millisecondsOf = (microseconds: number): number => microseconds / MICROSECONDS;

/**
 * The values of an entity's keys as one text, each with its length before it: no two keys are written alike, whatever
 * characters they hold. Texts as `storedText` writes them.
 */
export const joinedKey = (texts: readonly string[]): string => texts.map((text) => `${text.length}:${text}`).join('');
