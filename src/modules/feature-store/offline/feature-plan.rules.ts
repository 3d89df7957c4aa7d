import { CodedError } from '../../../common/errors/coded-error.js';
import type { ServiceFeature } from '../definitions/feature-service.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import type { TypedColumn } from '../value-types.js';

/** A view that is joined to the labels. */
export interface PlannedJoin {
  readonly view: FeatureViewVersion;
  /** Columns of its rows, and what they are called after the join. */
  readonly features: readonly { readonly column: string; readonly as: string }[];
}

/** An on-demand view, computed from the joined rows. */
export interface PlannedComputation {
  readonly view: FeatureViewVersion;
  /** Its columns, and the columns of the joined rows that they are. */
  readonly inputs: readonly { readonly column: string; readonly from: string }[];
}

/** How labels get their features. */
export interface FeaturePlan {
  /** Columns that the labels must have: join keys and fields of requests. */
  readonly labels: readonly TypedColumn[];
  readonly joins: readonly PlannedJoin[];
  readonly computations: readonly PlannedComputation[];
  /** The features in the order of the result. */
  readonly features: readonly PlannedFeature[];
}

export interface PlannedFeature {
  /** Its name in the result. */
  readonly as: string;
  /** The column that it is: of the joined rows, or of a computation. */
  readonly column: string;
  /** Which computation; null where it is joined. */
  readonly computation: number | null;
}

/**
 * Makes out how labels get features.
 * @param views the versions that the features are of, and those that on-demand views among them read, by id.
 * @throws {CodedError} CONFLICT where two views mean different things by one name.
 */
export function featurePlan(
  features: readonly ServiceFeature[],
  views: ReadonlyMap<string, FeatureViewVersion>,
): FeaturePlan {
  const planner = new Planner(views);
  const planned = features.map((feature) => planner.add(feature));
  const { joins, computations } = planner;
  return { labels: planner.labels, joins, computations, features: planned };
}

class Planner {
  readonly labels: TypedColumn[] = [];
  readonly joins: { readonly view: FeatureViewVersion; readonly features: { column: string; as: string }[] }[] = [];
  readonly computations: PlannedComputation[] = [];
  private joined = 0;

  constructor(private readonly views: ReadonlyMap<string, FeatureViewVersion>) {}

  add({ viewVersionId, feature, as }: ServiceFeature): PlannedFeature {
    const view = this.viewOf(viewVersionId);
    if (view.source.kind !== 'REQUEST') return { as, column: this.join(view, feature), computation: null };
    return { as, column: feature, computation: this.compute(view) };
  }

  /** @returns what the feature is called after the join: a name that no column of a user has. */
  private join(view: FeatureViewVersion, column: string): string {
    let join = this.joins.find((each) => each.view.id === view.id);
    if (join === undefined) {
      join = { view, features: [] };
      this.joins.push(join);
      for (const key of view.keys) this.need(key);
    }
    const known = join.features.find((each) => each.column === column);
    if (known !== undefined) return known.as;
    const as = `__feature_${(this.joined += 1)}`;
    join.features.push({ column, as });
    return as;
  }

  private compute(view: FeatureViewVersion): number {
    const known = this.computations.findIndex((each) => each.view.id === view.id);
    if (known >= 0 || view.source.kind !== 'REQUEST') return known;
    const { fields, features: references } = view.source;
    for (const field of fields) this.need(field);
    const given = fields.map(({ name }) => ({ column: name, from: name }));
    const lookedUp = references.flatMap(({ versionId, features }) => {
      const upstream = this.viewOf(versionId);
      return features.map((column) => ({ column, from: this.join(upstream, column) }));
    });
    return this.computations.push({ view, inputs: [...given, ...lookedUp] }) - 1;
  }

  private need({ name, type }: TypedColumn): void {
    const known = this.labels.find((column) => column.name === name);
    if (known === undefined) this.labels.push({ name, type });
    else if (known.type !== type) {
      throw new CodedError(
        'CONFLICT',
        `These features cannot be had together: the column ${JSON.stringify(name)} of the labels would have to be both ${known.type} and ${type}.`,
      );
    }
  }

  private viewOf(id: string): FeatureViewVersion {
    const view = this.views.get(id);
    if (view === undefined) throw new Error(`Version ${id} of a feature view is not there.`);
    return view;
  }
}
