import type { JsonElement } from '../../../common/tensor/tensor-json.js';
import { type JsonRow, toJson } from '../json-values.rules.js';
import type { OnlineStatus } from '../online/online-store.js';
import type { FeatureColumn } from '../serving/feature-columns.rules.js';
import type { FeatureValue, ValueType } from '../value-types.js';
import type { CompleteValues } from './missing-features.rules.js';

/** A feature that a prediction used, of all its entities. */
export interface UsedFeature extends FeatureColumn {
  /** What the model got, before it was scaled: what was read, or the default. */
  readonly used: CompleteValues;
}

/** What a prediction by entity used. */
export interface UsedFeatures {
  readonly serviceVersionId: string;
  readonly service: string;
  readonly serviceVersion: number;
  /** As they were given. */
  readonly entities: readonly JsonRow[];
  readonly request: JsonRow | null;
  readonly features: readonly UsedFeature[];
}

/** The same as JSON, for the log and for answers. What is not kept is null. */
export interface FeatureRecord {
  readonly serviceVersionId: string;
  readonly service: string;
  readonly serviceVersion: number;
  readonly entities: readonly JsonRow[] | null;
  readonly request: JsonRow | null;
  readonly features: readonly {
    readonly name: string;
    readonly type: ValueType;
    readonly view: string;
    readonly viewVersion: number;
    readonly viewVersionId: string;
    readonly feature: string;
    readonly values: readonly (JsonElement | null)[] | null;
    readonly used: readonly (JsonElement | null)[] | null;
    readonly statuses: readonly OnlineStatus[] | null;
    readonly eventTimes: readonly (number | null)[] | null;
  }[];
}

/** Values that a prediction used: entities times features. */
export const cellsOf = ({ entities, features }: UsedFeatures): number => entities.length * features.length;

/**
 * @param keeps what of it: entities and values are inputs, which are kept where inputs are; of many entities only the names
 * of what was used are kept.
 */
export function featureRecord(
  { features, entities, request, ...service }: UsedFeatures,
  keeps: { readonly values: boolean; readonly statuses: boolean },
): FeatureRecord {
  return {
    ...service,
    entities: keeps.values ? entities : null,
    request: keeps.values ? request : null,
    features: features.map(({ values, used, statuses, eventTimes, type, ...names }) => ({
      ...names,
      type,
      values: keeps.values ? json(values, type) : null,
      used: keeps.values ? json(used, type) : null,
      statuses: keeps.statuses ? statuses : null,
      eventTimes: keeps.statuses ? eventTimes : null,
    })),
  };
}

const json = (values: readonly FeatureValue[], type: ValueType) => values.map((value) => toJson(value, type));
