import type { DeclaredFeatureEntity } from './declared-definitions.js';
import { definitionError } from './definition-error.js';
import { checkColumnNames, checkNameAndDescription } from './definition-names.rules.js';

/** Most columns by which one entity is known. */
export const MAX_JOIN_KEYS = 16;

/** @throws {CodedError} INVALID_INPUT with the first thing that is wrong. */
export function checkFeatureEntity(entity: DeclaredFeatureEntity): void {
  checkNameAndDescription(entity);
  const { joinKeys } = entity;
  if (joinKeys.length === 0 || joinKeys.length > MAX_JOIN_KEYS) {
    throw definitionError(['joinKeys'], `there must be 1 to ${MAX_JOIN_KEYS}, not ${joinKeys.length}`);
  }
  checkColumnNames(
    joinKeys.map(({ name }) => name),
    (index) => ['joinKeys', index, 'name'],
  );
  for (const [index, { name, type }] of joinKeys.entries()) {
    if (type !== 'FLOAT64' && type !== 'JSON') continue;
    const problem = `${JSON.stringify(name)} is ${type}, of which equal values can be written in several ways`;
    throw definitionError(['joinKeys', index, 'type'], problem);
  }
}
