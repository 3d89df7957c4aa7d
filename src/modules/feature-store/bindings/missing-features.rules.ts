import { CodedError } from '../../../common/errors/coded-error.js';
import type { DefaultValue, FeatureBinding } from '../../registry/serving/feature-binding.js';
import { fromJson } from '../json-values.rules.js';
import type { OnlineStatus } from '../online/online-store.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';

/** Most entities, and features of each, that a message tells of. */
const MAX_LISTED = 5;

/** A feature of all entities of a call, as it was read. */
export interface ReadFeature extends TypedColumn {
  readonly values: readonly FeatureValue[];
  readonly statuses: readonly OnlineStatus[];
}

/** The values of a feature, one for each entity, none missing. */
export type CompleteValues = readonly NonNullable<FeatureValue>[];

/**
 * The values that a prediction takes: those that were read, and defaults in place of those that are missing, because they
 * were written as null, are not known, or are too old.
 * @returns by name of the feature.
 * @throws {CodedError} FEATURES_MISSING naming entities, features and why, where one is missing and has no default.
 */
export function completed(
  { defaults, service }: Pick<FeatureBinding, 'defaults' | 'service'>,
  features: readonly ReadFeature[],
): Map<string, CompleteValues> {
  const gaps = new Map<number, string[]>();
  const complete = features.map(({ name, type, values, statuses }): [string, CompleteValues] => {
    const substitute = Object.hasOwn(defaults, name) ? fromJson(defaults[name], type) : null;
    const filled: NonNullable<FeatureValue>[] = [];
    for (const [row, read] of values.entries()) {
      const value = read ?? substitute ?? null;
      if (value !== null) filled.push(value);
      else gaps.set(row, [...(gaps.get(row) ?? []), `${name} (${statuses[row]})`]);
    }
    return [name, filled];
  });
  if (gaps.size === 0) return new Map(complete);
  const byRow = [...gaps].toSorted(([one], [other]) => one - other);
  const missing = byRow.map(([row, names]) => `entities[${row}]: ${listed(names, ', ')}`);
  throw new CodedError(
    'FEATURES_MISSING',
    `Features of ${service} are missing. ${listed(missing, '; ')}. Write them to the online store, or bind the model ` +
      'with defaults.',
  );
}

function listed(all: readonly string[], separator: string): string {
  const more = all.length > MAX_LISTED ? `${separator}and ${all.length - MAX_LISTED} more` : '';
  return all.slice(0, MAX_LISTED).join(separator) + more;
}

/**
 * @param features those that fill inputs.
 * @throws {CodedError} INVALID_INPUT where the policy never takes them, or one is of no feature that is used or not of its
 * type.
 */
export function checkedDefaults(
  missing: FeatureBinding['missing'],
  given: Readonly<Record<string, unknown>>,
  features: readonly TypedColumn[],
): Record<string, DefaultValue> {
  const entries = Object.entries(given);
  if ((missing === 'DEFAULT') !== entries.length > 0) {
    throw new CodedError(
      'INVALID_INPUT',
      missing === 'DEFAULT'
        ? 'defaults: give the value of at least one feature, or let missing be ERROR.'
        : 'defaults: go with missing: DEFAULT; with ERROR they would never be taken.',
    );
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, checkedDefault(name, value, features)]));
}

function checkedDefault(name: string, value: unknown, features: readonly TypedColumn[]): DefaultValue {
  const feature = features.find((candidate) => candidate.name === name);
  if (feature === undefined) {
    throw new CodedError('INVALID_INPUT', `defaults.${name}: no input is filled by a feature of this name.`);
  }
  const isSingle = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (isSingle && (fromJson(value, feature.type) ?? null) !== null) return value;
  const shown = JSON.stringify(value).slice(0, 40);
  throw new CodedError('INVALID_INPUT', `defaults.${name}: is ${shown}; the feature is ${feature.type}.`);
}
