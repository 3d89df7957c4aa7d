import type { FeatureValue, ValueType } from './value-types.js';

const MICROSECONDS = 1_000;
const int64 = { least: -(2n ** 63n), greatest: 2n ** 63n - 1n };
const moment =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,3})(\d{0,3})\d*)?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;
/** Half a character: what UTF-8 cannot hold, and readers of JSON refuse. */
export const loneSurrogate = /\p{Surrogate}/u;

/** Values by their names, as they came in JSON. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** Numbers that JSON cannot write. */
const unwritten: Readonly<Record<string, number>> = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity };

/**
 * A value as it comes in JSON: a whole number beyond 2^53 as its digits in text, a moment as ISO 8601 (UTC where it names
 * no zone) or in milliseconds since the epoch, NaN and infinities as text, JSON as its text or as it is.
 * @returns undefined where it is not of the type.
 */
export function fromJson(value: unknown, type: ValueType): FeatureValue | undefined {
  return value === null ? null : readers[type](value);
}

const readers: Readonly<Record<ValueType, (value: unknown) => FeatureValue | undefined>> = {
  STRING: (value) => (typeof value === 'string' && !loneSurrogate.test(value) ? value : undefined),
  BOOLEAN: (value) => (typeof value === 'boolean' ? value : undefined),
  FLOAT64: (value) => (typeof value === 'number' ? value : typeof value === 'string' ? unwritten[value] : undefined),
  INT64: (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
    return typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? wholeNumber(BigInt(value)) : undefined;
  },
  TIMESTAMP: (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(Math.round(value * MICROSECONDS)) ? value : undefined;
    return typeof value === 'string' ? momentOf(value) : undefined;
  },
  JSON: (value) => {
    if (value === undefined) return undefined;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return isJson(text) ? text : undefined;
  },
};

function wholeNumber(value: bigint): number | bigint | undefined {
  if (value < int64.least || value > int64.greatest) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function momentOf(text: string): number | undefined {
  const [, date, time = '00:00', millis = '', micros = '', zone = 'Z'] = moment.exec(text) ?? [];
  if (date === undefined) return undefined;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^(...)(\d\d)$/, '$1:$2').toUpperCase();
  const whole = Date.parse(`${date}T${seconds}.${millis.padEnd(3, '0')}${offset}`);
  // The 31st of February is no moment, though it can be parsed.
  const day = Date.parse(`${date}T00:00:00Z`);
  const isThere = !Number.isNaN(day) && new Date(day).toISOString().startsWith(date);
  return isThere && !Number.isNaN(whole)
    ? (whole * MICROSECONDS + Number(micros.padEnd(3, '0'))) / MICROSECONDS
    : undefined;
}

/** Whether a text is JSON whose texts are whole, be it that they are escaped. */
function isJson(text: string): boolean {
  let isWhole = true;
  try {
    JSON.parse(text, (key, value: unknown) => {
      isWhole &&= !loneSurrogate.test(key) && !(typeof value === 'string' && loneSurrogate.test(value));
      return value;
    });
  } catch {
    return false;
  }
  return isWhole;
}

/** A value as it goes out in JSON, in the form in which `fromJson` reads it back. */
export function toJson(value: FeatureValue, type: ValueType): string | number | boolean | null {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number') return value;
  if (type === 'TIMESTAMP') return momentText(value);
  return Number.isFinite(value) ? value : String(value);
}

/** The last moment that a `Date` can hold, and the first with a minus before it, in milliseconds since the epoch. */
const LAST_DATE_MS = 8_640_000_000_000_000;

/**
 * A moment in milliseconds since the epoch as ISO 8601, to the microsecond where it has any. The engine knows moments of
 * some 20,000 years more than a `Date` does; of these the milliseconds are told.
 */
export function momentText(milliseconds: number): string {
  if (Math.abs(milliseconds) > LAST_DATE_MS) return String(milliseconds);
  const micros = Math.round(milliseconds * MICROSECONDS);
  const text = new Date(Math.floor(micros / MICROSECONDS)).toISOString();
  const rest = ((micros % MICROSECONDS) + MICROSECONDS) % MICROSECONDS;
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}
