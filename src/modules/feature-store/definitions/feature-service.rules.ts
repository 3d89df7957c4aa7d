import { isDeepStrictEqual } from 'node:util';
import type { DeclaredFeatureService, DeclaredServiceFeature } from './declared-definitions.js';
import { definitionError } from './definition-error.js';
import { checkColumnNames, checkNameAndDescription, listOfColumns } from './definition-names.rules.js';
import type { FeatureServiceVersion, ServiceFeature } from './feature-service.js';
import type { ListedFeatureView } from './feature-view.repository.js';
import { MAX_FEATURES } from './feature-view.rules.js';

/** What can be told without knowing the views. @throws {CodedError} INVALID_INPUT */
export function checkFeatureService(service: DeclaredFeatureService): void {
  checkNameAndDescription(service);
  if (service.features.length === 0) throw definitionError(['features'], 'name at least one');
  assertFewFeatures(service.features.length);
  const odd = service.features.findIndex(({ feature, as }) => feature === null && as !== null);
  if (odd !== -1) throw definitionError(['features', odd, 'as'], 'only one feature can be called otherwise; name it');
}

/**
 * The features of a service, in their order.
 * @param views the versions that its features come from, in the order in which it declares them
 * @throws {CodedError} INVALID_INPUT
 */
export function serviceFeatures(
  { features }: DeclaredFeatureService,
  views: readonly ListedFeatureView[],
): ServiceFeature[] {
  const bound = views.flatMap((view, index) => {
    const declared = features[index];
    return declared === undefined ? [] : featuresOf(declared, view, index).map((feature) => ({ feature, index }));
  });
  assertFewFeatures(bound.length);
  checkColumnNames(
    bound.map(({ feature }) => feature.as),
    (at) => ['features', bound[at]?.index ?? 0, 'as'],
  );
  return bound.map(({ feature }) => feature);
}

function featuresOf({ feature, as }: DeclaredServiceFeature, view: ListedFeatureView, index: number): ServiceFeature[] {
  const names = feature === null ? view.features.map(({ name }) => name) : [feature];
  return names.map((name) => {
    if (!view.features.some((each) => each.name === name)) {
      const problem = `version ${view.version} of feature view ${view.name} has no feature ${JSON.stringify(name)}; it has ${listOfColumns(view.features)}`;
      throw definitionError(['features', index, 'feature'], problem);
    }
    return { viewVersionId: view.id, view: view.name, viewVersion: view.version, feature: name, as: as ?? name };
  });
}

function assertFewFeatures(count: number): void {
  if (count > MAX_FEATURES) throw definitionError(['features'], `there may be at most ${MAX_FEATURES}, not ${count}`);
}

/** What differs between two versions; nothing where they say the same. */
export const changedServiceParts = (
  before: FeatureServiceVersion,
  after: Pick<FeatureServiceVersion, 'description' | 'features'>,
): string[] => (['description', 'features'] as const).filter((name) => !isDeepStrictEqual(before[name], after[name]));
