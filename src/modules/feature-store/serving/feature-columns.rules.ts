import type { OnlineRow, OnlineStatus } from '../online/online-store.js';
import type { FeatureValue } from '../value-types.js';
import type { Derivation, PlannedFeature, ServingPlan } from './serving-plan.rules.js';

/** A feature of all entities of a call: the entity at one place is that of the same place in the call. */
export interface FeatureColumn extends Omit<PlannedFeature, 'source'> {
  /** Null wherever the status is not `PRESENT`. */
  readonly values: readonly FeatureValue[];
  readonly statuses: readonly OnlineStatus[];
  /**
   * Of the rows that the values are from, in milliseconds since the epoch; null where there is none, as on demand. Features
   * of one view share the list.
   */
  readonly eventTimes: readonly (number | null)[];
}

/** What an on-demand view is for one entity, by the names of its columns. */
type DerivedRow = Readonly<Record<string, FeatureValue>>;

/**
 * The features of a call, one column each.
 * @param looked for each lookup of the plan the row of each entity.
 * @param fields for each entity the request's fields; none where no on-demand view is read.
 */
export function featureColumns(
  { features, derivations }: ServingPlan,
  looked: readonly (readonly OnlineRow[])[],
  fields: readonly DerivedRow[],
): FeatureColumn[] {
  const derived = derivations.map((derivation) => derivedRows(derivation, looked, fields));
  const times = looked.map((rows) => rows.map(({ eventTime }) => eventTime));
  const none = fields.map(() => null);
  return features.map(({ source, ...feature }) =>
    source.kind === 'STORED'
      ? {
          ...feature,
          ...storedCells(looked[source.lookup] ?? [], source.at),
          eventTimes: times[source.lookup] ?? [],
        }
      : { ...feature, ...derivedCells(derived[source.derivation] ?? [], feature.feature), eventTimes: none },
  );
}

type Cells = Pick<FeatureColumn, 'values' | 'statuses'>;

function storedCells(rows: readonly OnlineRow[], at: number): Cells {
  const values: FeatureValue[] = [];
  const statuses: OnlineStatus[] = [];
  for (const row of rows) {
    values.push(row.values[at] ?? null);
    statuses.push(row.statuses[at] ?? 'NOT_FOUND');
  }
  return { values, statuses };
}

function derivedCells(rows: readonly DerivedRow[], name: string): Cells {
  const values = rows.map((row) => row[name] ?? null);
  return { values, statuses: values.map((value) => (value === null ? 'NULL_VALUE' : 'PRESENT')) };
}

function derivedRows(
  { inputs, transformation }: Derivation,
  looked: readonly (readonly OnlineRow[])[],
  fields: readonly DerivedRow[],
): DerivedRow[] {
  return fields.map((given, entity) => {
    const row = { ...given };
    for (const { column, lookup, at } of inputs) row[column] = looked[lookup]?.[entity]?.values[at] ?? null;
    return transformation === null ? row : { ...row, ...transformation.valuesOf(row) };
  });
}
