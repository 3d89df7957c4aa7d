import { Injectable } from '@nestjs/common';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { FeatureServiceVersion, ServiceFeature } from '../../definitions/feature-service.js';
import { FeatureServiceRepository } from '../../definitions/feature-service.repository.js';
import type { FeatureViewVersion } from '../../definitions/feature-view.js';
import { FeatureViewRepository } from '../../definitions/feature-view.repository.js';
import { namedFeature } from '../../serving/feature-reference.rules.js';
import type { FeatureSelection } from '../../serving/feature-selection.rules.js';

/** The features of a selection as they are now. */
export interface RequestedFeatures {
  /** Null where they were named one by one. */
  readonly service: FeatureServiceVersion | null;
  readonly features: readonly ServiceFeature[];
  /** Versions of views that they are of, and that on-demand views among these read, by id. */
  readonly views: ReadonlyMap<string, FeatureViewVersion>;
}

/** Finds out which versions of features are meant. */
@Injectable()
export class FeatureRequests {
  constructor(
    private readonly services: FeatureServiceRepository,
    private readonly views: FeatureViewRepository,
  ) {}

  /** @throws {CodedError} NOT_FOUND, INVALID_INPUT */
  async resolve(workspaceId: string, selection: FeatureSelection): Promise<RequestedFeatures> {
    if ('features' in selection) {
      const features = await this.named(workspaceId, selection.features);
      return { service: null, features, views: await this.viewsOf(workspaceId, features) };
    }
    const service = await this.services.find(workspaceId, selection.service, selection.version);
    if (service === null) throw notFound('feature service', selection.service, selection.version);
    return { service, features: service.features, views: await this.viewsOf(workspaceId, service.features) };
  }

  /** The id of a version of a view; of the newest, unless told. @throws {CodedError} NOT_FOUND */
  async viewVersion(workspaceId: string, name: string, version: number | undefined): Promise<string> {
    const view = await this.views.find(workspaceId, name, version);
    if (view === null) throw notFound('feature view', name, version);
    return view.id;
  }

  /** The versions of views that features need, by id; also of views that were deleted since. */
  async viewsOf(
    workspaceId: string,
    features: readonly ServiceFeature[],
  ): Promise<ReadonlyMap<string, FeatureViewVersion>> {
    const ids = new Set(features.map(({ viewVersionId }) => viewVersionId));
    const views = await this.views.findVersions(workspaceId, [...ids]);
    const read = [...views.values()].flatMap(({ source }) => (source.kind === 'REQUEST' ? source.features : []));
    const upstream = read.map(({ versionId }) => versionId).filter((id) => !views.has(id));
    return new Map([...views, ...(await this.views.findVersions(workspaceId, [...new Set(upstream)]))]);
  }

  private async named(workspaceId: string, names: readonly string[]): Promise<ServiceFeature[]> {
    const found = new Map<string, FeatureViewVersion>();
    const features: ServiceFeature[] = [];
    for (const text of names) {
      const { view: name, version, feature } = namedFeature(text);
      const key = JSON.stringify([name, version]);
      const view = found.get(key) ?? (await this.views.find(workspaceId, name, version));
      if (view === null) throw notFound('feature view', name, version);
      found.set(key, view);
      if (!view.features.some((each) => each.name === feature)) {
        throw new CodedError(
          'NOT_FOUND',
          `Version ${view.version} of feature view ${name} has no feature ${JSON.stringify(feature.slice(0, 128))}.`,
        );
      }
      features.push({ viewVersionId: view.id, view: name, viewVersion: view.version, feature, as: feature });
    }
    return features;
  }
}

function notFound(what: string, name: string, version: number | undefined): CodedError {
  const which = version === undefined ? '' : ` with a version ${version}`;
  return new CodedError(
    'NOT_FOUND',
    `There is no ${what} ${JSON.stringify(name.slice(0, 128))}${which} in this workspace.`,
  );
}
