import { CodedError } from '../../../common/errors/coded-error.js';
import { decodeCursor, invalidCursor } from '../../../common/graphql/page.js';
import type { JsonPath } from '../../../common/json/json-path.js';
import { COLUMN_NAME, COLUMN_NAME_RULE } from '../sources/data-schema.rules.js';
import type { TypedColumn } from '../value-types.js';
import { definitionError } from './definition-error.js';

/** Names of entities, views and services: safe in a URL, a file name, a metric label and `view:feature`. */
export const DEFINITION_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

export const DEFINITION_NAME_RULE =
  'takes 1 to 128 letters, digits, dots, underscores and hyphens, and starts with a letter or digit';

/** Longest description, in UTF-16 code units. */
const MAX_DESCRIPTION = 10_000;

/** Characters that PostgreSQL refuses in a text: U+0000, and halves of such as take two. */
const UNSTORABLE = /[\0\p{Cs}]/u;

export type DefinitionKind = 'feature entity' | 'feature view' | 'feature service';

export const definitionNotFound = (kind: DefinitionKind, name: string): CodedError =>
  new CodedError('NOT_FOUND', `There is no ${kind} ${JSON.stringify(name.slice(0, 128))} in this workspace.`);

/** Of a list by name. @throws {CodedError} INVALID_CURSOR */
export function nameOfCursor(cursor: string): string {
  const [name] = decodeCursor(cursor, 1);
  if (typeof name !== 'string' || !DEFINITION_NAME.test(name)) throw invalidCursor();
  return name;
}

/** @throws {CodedError} INVALID_INPUT */
export function checkNameAndDescription({ name, description }: { name: string; description: string }): void {
  if (!DEFINITION_NAME.test(name)) throw definitionError(['name'], `it ${DEFINITION_NAME_RULE}`);
  checkDescription(description, ['description']);
}

/** @throws {CodedError} INVALID_INPUT */
export function checkDescription(description: string, path: JsonPath): void {
  if (description.length > MAX_DESCRIPTION) {
    throw definitionError(path, `it may have at most ${MAX_DESCRIPTION.toLocaleString('en-US')} characters`);
  }
  checkStorable(description, path);
}

/** Whatever texts a value holds can be stored. @throws {CodedError} INVALID_INPUT */
export function checkStorable(value: unknown, path: JsonPath): void {
  if (typeof value === 'string') {
    if (UNSTORABLE.test(value)) throw definitionError(path, 'it holds U+0000 or half a character, which is refused');
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      checkStorable(key, path);
      checkStorable(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }
}

/** That columns have names, none of them twice; the engine does not tell names apart by case. */
export function checkColumnNames(names: readonly string[], pathOf: (index: number) => JsonPath): void {
  const seen = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    if (!COLUMN_NAME.test(name)) {
      throw definitionError(pathOf(index), `the name ${JSON.stringify(name)} is refused: it ${COLUMN_NAME_RULE}`);
    }
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) {
      const which = other === name ? 'twice' : `beside ${JSON.stringify(other)}`;
      throw definitionError(pathOf(index), `${JSON.stringify(name)} is there ${which}`);
    }
    seen.set(name.toLowerCase(), name);
  }
}

/** For messages; not more of them than a reader can use. */
export const listOfColumns = (columns: readonly TypedColumn[]): string =>
  columns
    .map(({ name }) => name)
    .join(', ')
    .slice(0, 1_000);
