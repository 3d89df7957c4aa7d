import { isJsonObject, type JsonObject } from '../../../common/json/json-object.js';

/** Kinds of nodes that tell a value from the values of one row. */
const rowWise = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
]);

const refusals: Readonly<Record<string, string>> = {
  SUBQUERY: 'a subquery cannot be used: an expression sees one row',
  WINDOW: 'a window cannot be used: ROLLING, LAG and DIFFERENCE look at other rows',
  STAR: '* cannot be used: name the columns',
  PARAMETER: 'there are no parameters',
  LAMBDA: 'a lambda cannot be used',
};

/** Functions by which a text can become many times as long. */
const replacing = new Set(['replace', 'regexp_replace']);

/**
 * What keeps an expression from being a feature of one row: it may use the row's columns and functions that answer the
 * same at any time, nothing else.
 * @param tree the expression as `json_serialize_sql` of the engine tells it
 * @param functions names that may be called
 * @returns one sentence, or null where it is fine.
 */
export function notRowWise(tree: unknown, columns: ReadonlySet<string>, functions: ReadonlySet<string>): string | null {
  let replacements = 0;
  for (const node of expressionsOf(tree)) {
    const wrong = wrongWith(node, columns, functions);
    if (wrong !== null) return wrong;
    if (replacing.has(String(node['function_name']).toLowerCase())) replacements += 1;
  }
  return replacements > 1 ? 'text can be replaced once: replaced again and again, it grows without bounds' : null;
}

function wrongWith(node: JsonObject, columns: ReadonlySet<string>, functions: ReadonlySet<string>): string | null {
  const kind = String(node['class']);
  if (!rowWise.has(kind)) return refusals[kind] ?? `${kind.toLowerCase()} cannot be used`;
  if (kind === 'COLUMN_REF') {
    const names = namesOf(node);
    const name = names.join('.');
    return names.length === 1 && columns.has(name.toLowerCase())
      ? null
      : `there is no column ${JSON.stringify(name)}; there are ${[...columns].join(', ').slice(0, 1_000)}`;
  }
  if (kind === 'FUNCTION') {
    const name = String(node['function_name']).toLowerCase();
    return functions.has(name)
      ? null
      : `${name} cannot be used: it is unknown, looks at more than one row, answers differently from time to time, or makes values of any size`;
  }
  return null;
}

/** The names of the columns that an expression reads, in lower case. @param tree as for `notRowWise`, which it passed */
export function columnsOf(tree: unknown): ReadonlySet<string> {
  const references = [...expressionsOf(tree)].filter((node) => node['class'] === 'COLUMN_REF');
  return new Set(references.flatMap((node) => namesOf(node)).map((name) => name.toLowerCase()));
}

const namesOf = (reference: JsonObject): string[] =>
  Array.isArray(reference['column_names']) ? reference['column_names'].map(String) : [];

/** All nodes of the tree that are expressions. */
function* expressionsOf(tree: unknown): Generator<JsonObject> {
  const waiting = [tree];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) waiting.push(...(value as unknown[]));
    else if (isJsonObject(value)) {
      if (typeof value['class'] === 'string') yield value;
      waiting.push(...Object.values(value));
    }
  }
}
