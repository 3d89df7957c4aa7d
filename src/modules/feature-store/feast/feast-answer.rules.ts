import { CodedError } from '../../../common/errors/coded-error.js';
import { momentText } from '../json-values.rules.js';
import type { FeatureColumn } from '../serving/feature-columns.rules.js';
import type { OnlineFeaturesAnswer } from '../serving/online-features.js';
import type { FeatureValue, ValueType } from '../value-types.js';
import type { FeastRead } from './feast-request.rules.js';

/** What Feast tells of values that have no event time, such as those of join keys. */
const NO_TIME = '1970-01-01T00:00:00Z';

/**
 * The answer of `/get-online-features`: the join keys, then the features, a list of values for each. Numbers are written as
 * Feast's own server does, which JSON.stringify could not: floats with their point, so that clients take them for floats, and
 * all digits of whole numbers.
 * @returns JSON.
 * @throws {CodedError} INVALID_INPUT where two features would be called alike.
 */
export function feastAnswer(request: FeastRead, { keys, features, service }: OnlineFeaturesAnswer): string {
  const { columns, count } = request.entities;
  const given = Object.entries(columns).filter(([name]) => keys.some((key) => key.name === name));
  const names = [
    ...given.map(([name]) => name),
    ...features.map((feature) => nameOf(feature, request, service !== null)),
  ];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new CodedError(
      'INVALID_INPUT',
      `Two of the features are called ${JSON.stringify(twice)}. Ask with full_feature_names: true.`,
    );
  }
  const present = result(listOf(count, '"PRESENT"'), listOf(count, `"${NO_TIME}"`));
  const timesOf = remembered(timesText);
  const results = [
    ...given.map(([, values]) => present(`[${values.map((value) => JSON.stringify(value)).join(',')}]`)),
    ...features.map((feature) => resultOf(feature, timesOf(feature.eventTimes))),
  ];
  const versions = request.tellsVersions ? `,"feature_view_metadata":${JSON.stringify(versionsOf(features))}` : '';
  return `{"metadata":{"feature_names":${JSON.stringify(names)}${versions}},"results":[${results.join(',')}],"status":true}`;
}

function nameOf({ view, feature, name }: FeatureColumn, { hasFullNames }: FeastRead, isOfService: boolean): string {
  const own = isOfService ? name : feature;
  return hasFullNames ? `${view}__${own}` : own;
}

const listOf = (count: number, text: string): string => `[${Array.from({ length: count }, () => text).join(',')}]`;

const result = (statuses: string, times: string) => (values: string) =>
  `{"values":${values},"statuses":${statuses},"event_timestamps":${times}}`;

function resultOf({ type, values, statuses }: FeatureColumn, times: string): string {
  const written = values.map((value) => (value === null ? 'null' : writers[type](value)));
  return result(`["${statuses.join('","')}"]`, times)(`[${written.join(',')}]`);
}

const timesText = (times: FeatureColumn['eventTimes']): string =>
  `[${times.map((time) => `"${time === null ? NO_TIME : momentText(time)}"`).join(',')}]`;

/** The same of the same list, which the features of a view share: moments take longer to write than all else. */
function remembered<Key extends object, Value>(valueOf: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? valueOf(key);
    known.set(key, value);
    return value;
  };
}

const writers: Readonly<Record<ValueType, (value: NonNullable<FeatureValue>) => string>> = {
  STRING: (value) => JSON.stringify(value),
  JSON: (value) => JSON.stringify(value),
  BOOLEAN: String,
  INT64: String,
  // Feast's moments are whole seconds.
  TIMESTAMP: (value) => String(Math.floor(Number(value) / 1_000)),
  FLOAT64: (value) => {
    if (!Number.isFinite(value)) return `"${value}"`;
    const text = Object.is(value, -0) ? '-0' : String(value);
    return /^-?\d+$/.test(text) ? `${text}.0` : text;
  },
};

function versionsOf(features: readonly FeatureColumn[]): { name: string; version: number }[] {
  const versions = new Map(features.map(({ view, viewVersion }) => [view, viewVersion]));
  return [...versions].map(([name, version]) => ({ name, version }));
}
