import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import type { OnlineView } from '../online/online-store.js';
import { onlineViewOf } from '../online/online-view.rules.js';
import type { FittedTransformation } from '../transformations/fitted-transformation.js';
import type { TypedColumn } from '../value-types.js';
import { rowTransformation } from './row-transformation.rules.js';

/** A feature that is wanted, and what it is called in the answer. */
export interface WantedFeature {
  readonly view: FeatureViewVersion;
  readonly feature: string;
  readonly as: string;
}

/** What is read of one view, at once for all entities. */
export interface Lookup {
  readonly view: OnlineView;
  readonly features: readonly string[];
  /** Where in the keys of the plan its join keys are, in their order. */
  readonly keysAt: readonly number[];
}

/** Where the value of a lookup is: in which, and at which of its features. */
export interface LookedUp {
  readonly lookup: number;
  readonly at: number;
}

/** What an on-demand view is computed from. */
export interface Derivation {
  readonly view: string;
  /** Names of fields of the request. */
  readonly fields: readonly string[];
  readonly inputs: readonly (LookedUp & { readonly column: string })[];
  /** Null where its features are columns that it is given. */
  readonly transformation: FittedTransformation | null;
}

/** A feature of the answer. */
export interface PlannedFeature {
  readonly name: string;
  readonly type: TypedColumn['type'];
  readonly view: string;
  readonly viewVersion: number;
  readonly viewVersionId: string;
  readonly feature: string;
  readonly source: ({ readonly kind: 'STORED' } & LookedUp) | { readonly kind: 'DERIVED'; readonly derivation: number };
}

/** How features are read, made out once and used for many calls. */
export interface ServingPlan {
  /** Join keys that an entity must have. */
  readonly keys: readonly TypedColumn[];
  /** Fields of the request that on-demand views need. */
  readonly fields: readonly TypedColumn[];
  readonly lookups: readonly Lookup[];
  readonly derivations: readonly Derivation[];
  readonly features: readonly PlannedFeature[];
}

/** The versions of views that on-demand views read, by their ids. */
export type UpstreamViews = ReadonlyMap<string, FeatureViewVersion>;

/**
 * Makes out how features are read.
 * @throws {CodedError} NOT_FOUND where a view has no such feature; CONFLICT where two views mean different things by one name,
 *   or where a view is not for the online store.
 */
export function servingPlan(wanted: readonly WantedFeature[], upstream: UpstreamViews): ServingPlan {
  return new Planner(upstream).plan(wanted);
}

class Planner {
  private readonly keys: TypedColumn[] = [];
  private readonly fields: TypedColumn[] = [];
  private readonly lookups: { view: OnlineView; features: string[]; keysAt: number[] }[] = [];
  private readonly derivations: (Derivation & { readonly viewVersionId: string })[] = [];

  constructor(private readonly upstream: UpstreamViews) {}

  plan(wanted: readonly WantedFeature[]): ServingPlan {
    const features = wanted.map((each) => this.featureOf(each));
    const { keys, fields, lookups, derivations } = this;
    const both = keys.find(({ name }) => fields.some((field) => field.name === name));
    if (both !== undefined) {
      throw ambiguous(`${JSON.stringify(both.name)} is a join key and a field of an on-demand view`);
    }
    return { keys, fields, lookups, derivations, features };
  }

  private featureOf({ view, feature, as }: WantedFeature): PlannedFeature {
    const declared = view.features.find(({ name }) => name === feature);
    if (declared === undefined) throw unknownFeature(view, feature);
    const { name, version, id } = view;
    const described = { name: as, type: declared.type, view: name, viewVersion: version, viewVersionId: id, feature };
    const source =
      view.source.kind === 'REQUEST'
        ? ({ kind: 'DERIVED', derivation: this.derivationOf(view, view.source) } as const)
        : ({ kind: 'STORED', ...this.lookUp(view, feature) } as const);
    return { ...described, source };
  }

  private lookUp(view: FeatureViewVersion, feature: string): LookedUp {
    if (!view.features.some(({ name }) => name === feature)) throw unknownFeature(view, feature);
    let lookup = this.lookups.findIndex((each) => each.view.id === view.id);
    if (lookup < 0) {
      if (!view.isOnline) {
        throw new CodedError(
          'CONFLICT',
          `Feature view ${view.name} (version ${view.version}) is not kept online. Define it with isOnline: true.`,
        );
      }
      const keysAt = view.keys.map((key) => placeOf(this.keys, key));
      lookup = this.lookups.push({ view: onlineViewOf(view), features: [], keysAt }) - 1;
    }
    const { features = [] } = this.lookups[lookup] ?? {};
    const known = features.indexOf(feature);
    return { lookup, at: known < 0 ? features.push(feature) - 1 : known };
  }

  private derivationOf(
    view: FeatureViewVersion,
    source: Extract<FeatureViewVersion['source'], { kind: 'REQUEST' }>,
  ): number {
    const known = this.derivations.findIndex((each) => each.viewVersionId === view.id);
    if (known >= 0) return known;
    for (const field of source.fields) placeOf(this.fields, field);
    const inputs = source.features.flatMap(({ versionId, features }) => {
      const from = this.upstream.get(versionId);
      if (from === undefined) throw new Error(`Version ${versionId}, which view ${view.id} reads, is not there.`);
      return features.map((column) => ({ column, ...this.lookUp(from, column) }));
    });
    const fields = source.fields.map(({ name }) => name);
    const transformation = rowTransformation(view);
    return this.derivations.push({ viewVersionId: view.id, view: view.name, fields, inputs, transformation }) - 1;
  }
}

/** Where a column is among those that are known, and takes it on where it is not. */
function placeOf(columns: TypedColumn[], { name, type }: TypedColumn): number {
  const place = columns.findIndex((column) => column.name === name);
  if (place < 0) return columns.push({ name, type }) - 1;
  if (columns[place]?.type === type) return place;
  throw ambiguous(`${JSON.stringify(name)} is ${columns[place]?.type} in one view and ${type} in another`);
}

const ambiguous = (what: string): CodedError =>
  new CodedError('CONFLICT', `These features cannot be read together: ${what}.`);

const unknownFeature = ({ name, version, features }: FeatureViewVersion, feature: string): CodedError =>
  new CodedError(
    'NOT_FOUND',
    `Feature view ${name} (version ${version}) has no feature ${JSON.stringify(feature.slice(0, 128))}; it has ` +
      `${features
        .map((each) => each.name)
        .join(', ')
        .slice(0, 1_000)}.`,
  );
