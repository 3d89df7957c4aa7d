import { CodedError } from '../../../common/errors/coded-error.js';
import { isJsonObject, type JsonObject } from '../../../common/json/json-object.js';
import { fromJson } from '../json-values.rules.js';
import type { PushTarget } from '../push/feature-push.service.js';
import type { FeatureSelection } from '../serving/feature-selection.rules.js';
import { type Frame, frameOf } from './feast-frame.rules.js';

/** What `/get-online-features` is asked. */
export interface FeastRead {
  readonly selection: FeatureSelection;
  readonly entities: Frame;
  /** Whether features are called `view__feature`, not `feature`. */
  readonly hasFullNames: boolean;
  readonly tellsVersions: boolean;
}

/** @throws {CodedError} INVALID_INPUT */
export function feastRead(body: unknown): FeastRead {
  const given = requestOf(body);
  return {
    selection: selectionOf(given),
    entities: frameOf(given['entities'], 'entities'),
    hasFullNames: given['full_feature_names'] === true,
    tellsVersions: given['include_feature_view_version_metadata'] === true,
  };
}

/** The body of a request. @throws {CodedError} INVALID_INPUT where it is no object. */
export function requestOf(body: unknown): JsonObject {
  if (isJsonObject(body)) return body;
  throw new CodedError('INVALID_INPUT', 'The body must be a JSON object.');
}

/** @throws {CodedError} INVALID_INPUT where a field is no text, or is missing and there is no default. */
export function textOf(given: JsonObject, field: string, fallback?: string): string {
  const text = given[field] ?? fallback;
  if (typeof text === 'string' && text !== '') return text;
  throw new CodedError('INVALID_INPUT', `${field}: give a text.`);
}

/** Null where the field is absent. @throws {CodedError} INVALID_INPUT where it is no list of texts. */
export function textsOf(given: JsonObject, field: string): string[] | null {
  const list = given[field] ?? null;
  if (list === null) return null;
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  throw new CodedError('INVALID_INPUT', `${field}: give a list of texts.`);
}

/** What `/push` calls the places where rows go. */
const targets: Readonly<Record<string, PushTarget>> = {
  online: 'ONLINE',
  offline: 'OFFLINE',
  online_and_offline: 'BOTH',
};

/** @throws {CodedError} INVALID_INPUT */
export function pushTarget(given: JsonObject): PushTarget {
  const to = textOf(given, 'to', 'online');
  const target = Object.hasOwn(targets, to) ? targets[to] : undefined;
  if (target !== undefined) return target;
  throw new CodedError('INVALID_INPUT', `to: give one of ${Object.keys(targets).join(', ')}.`);
}

/** What `/materialize` and `/materialize-incremental` are asked. */
export interface FeastMaterializationRequest {
  readonly kind: 'FULL' | 'INCREMENTAL';
  /** Null for all views. */
  readonly views: readonly string[] | null;
  readonly version: number | undefined;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/** @throws {CodedError} INVALID_INPUT */
export function feastMaterialization(kind: 'FULL' | 'INCREMENTAL', body: unknown): FeastMaterializationRequest {
  const given = requestOf(body);
  const views = textsOf(given, 'feature_views');
  const version = versionOf(given);
  if (version !== undefined && views?.length !== 1) {
    throw new CodedError('INVALID_INPUT', 'version: goes with exactly one of feature_views.');
  }
  if (version !== undefined && kind === 'INCREMENTAL') {
    throw new CodedError('INVALID_INPUT', 'version: increments are of the newest version; leave it out.');
  }
  const isUnbounded = kind === 'FULL' && given['disable_event_timestamp'] === true;
  const from = kind === 'FULL' && !isUnbounded ? momentOf(given, 'start_ts') : undefined;
  return { kind, views, version, from, to: isUnbounded ? undefined : momentOf(given, 'end_ts') };
}

function versionOf(given: JsonObject): number | undefined {
  if ((given['version'] ?? null) === null) return undefined;
  const [, digits] = /^v([1-9]\d{0,8})$/.exec(textOf(given, 'version')) ?? [];
  if (digits === undefined) throw new CodedError('INVALID_INPUT', 'version: give it as v1, v2, and so on.');
  return Number(digits);
}

function momentOf(given: JsonObject, field: string): Date {
  const moment = fromJson(given[field] ?? null, 'TIMESTAMP');
  if (typeof moment === 'number' && typeof given[field] === 'string') return new Date(moment);
  throw new CodedError('INVALID_INPUT', `${field}: give a moment as ISO 8601, such as 2026-11-23T10:00:00.`);
}

function selectionOf(given: JsonObject): FeatureSelection {
  const service = given['feature_service'] ?? null;
  const features = textsOf(given, 'features') ?? [];
  if (service !== null && features.length > 0) {
    throw new CodedError('INVALID_INPUT', 'feature_service, features: give one of them.');
  }
  if (service !== null) return { service: textOf(given, 'feature_service') };
  if (features.length > 0) return { features: features.map(ours) };
  throw new CodedError('INVALID_INPUT', 'feature_service, features: give one of them.');
}

/** Feast writes versions `view@v2:feature`, and the newest also `view@latest:feature`. */
const ours = (reference: string): string =>
  reference.replace(/^([^:@]+)@(?:v(\d+)|latest):/, (_, view: string, version?: string) =>
    version === undefined ? `${view}:` : `${view}@${version}:`,
  );
