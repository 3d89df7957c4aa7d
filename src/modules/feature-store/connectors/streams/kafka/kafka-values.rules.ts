import type { StreamEntry } from '../stream-reader.js';

/** Is reported as a column that is too many where values are no JSON objects. No column of a user's begins like this. */
export const NO_OBJECT = '__not_a_json_object';

const NO_OBJECT_ENTRY: StreamEntry = new Map([[NO_OBJECT, '']]);

/** Strings, marks and all else of a JSON text, by turns. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * The members of a JSON object by their names. Values keep the form in which they are written, since JavaScript would round
 * whole numbers beyond 2^53. A record without a value is a row without values.
 * @param jsonColumns members whose strings keep their quotes.
 */
export function entryOf(value: Buffer | null, jsonColumns: ReadonlySet<string>): StreamEntry {
  if (value === null) return new Map();
  const text = value.toString('utf8');
  if (!isObject(text)) return NO_OBJECT_ENTRY;
  const entry = new Map<string, string | null>();
  for (const [name, written] of membersOf(text)) {
    if (written === 'null') entry.set(name, null);
    else entry.set(name, written.startsWith('"') && !jsonColumns.has(name) ? unquoted(written) : written);
  }
  return entry;
}

function isObject(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

/** The names of an object that is well-formed, and the texts of their values. */
function* membersOf(text: string): Generator<[name: string, written: string]> {
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (depth === 1 && name === undefined && token.startsWith('"')) name = unquoted(token);
    else if (depth === 1 && token === ':') start = index + 1;
    else if (depth === 1 && (token === ',' || token === '}')) {
      if (name !== undefined) yield [name, text.slice(start, index).trim()];
      name = undefined;
    }
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
  }
}

const unquoted = (token: string): string => String(JSON.parse(token));
