import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureServiceVersion } from '../definitions/feature-service.js';
import { FeatureServiceRepository } from '../definitions/feature-service.repository.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import type { FeatureSelection, PinnedService } from './feature-selection.rules.js';
import { namedFeature } from './feature-reference.rules.js';
import { type ServingPlan, servingPlan, type WantedFeature } from './serving-plan.rules.js';

/** A plan, and the version of the service that it is for; null where features were named one by one. */
export interface ResolvedPlan {
  readonly plan: ServingPlan;
  readonly service: FeatureServiceVersion | null;
}

/** For so long a name means what it meant, in milliseconds: what is newest changes seldom. */
const FRESH_MS = 1_000;

/** Up to this age a plan is used while it is made out anew; an older one is not used any more. In milliseconds. */
const STALE_MS = 2_000;

const MAX_PLANS = 1_000;

interface Kept {
  readonly resolved: ResolvedPlan;
  readonly madeAt: number;
}

/** Makes out how features are read, and remembers it: the hot path asks the database for no definitions. */
@Injectable()
export class ServingPlans {
  private readonly kept = new LRUCache<string, Kept>({ max: MAX_PLANS });
  private readonly underWay = new Map<string, Promise<ResolvedPlan>>();

  constructor(
    private readonly services: FeatureServiceRepository,
    private readonly views: FeatureViewRepository,
  ) {}

  /** @throws {CodedError} NOT_FOUND, INVALID_INPUT, CONFLICT */
  async of(workspaceId: string, selection: FeatureSelection | PinnedService): Promise<ResolvedPlan> {
    const key = JSON.stringify([workspaceId, selection]);
    const kept = this.kept.get(key);
    const age = kept === undefined ? Infinity : performance.now() - kept.madeAt;
    if (kept === undefined || age > STALE_MS) return this.make(key, workspaceId, selection);
    // Who is refused meets the refusal by the next call, at the latest.
    if (age > FRESH_MS) this.make(key, workspaceId, selection).catch(() => undefined);
    return kept.resolved;
  }

  private make(key: string, workspaceId: string, selection: FeatureSelection | PinnedService): Promise<ResolvedPlan> {
    const known = this.underWay.get(key);
    if (known !== undefined) return known;
    const madeAt = performance.now();
    const making = this.resolve(workspaceId, selection)
      .then((resolved) => {
        this.kept.set(key, { resolved, madeAt });
        return resolved;
      })
      .catch((error: unknown) => {
        this.kept.delete(key);
        throw error;
      })
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, making);
    return making;
  }

  private async resolve(workspaceId: string, selection: FeatureSelection | PinnedService): Promise<ResolvedPlan> {
    const service = 'features' in selection ? null : await this.serviceOf(workspaceId, selection);
    const wanted =
      'features' in selection
        ? await this.named(workspaceId, selection.features)
        : await this.wantedBy(workspaceId, service?.features ?? []);
    const upstream = wanted.flatMap(({ view: { source } }) => (source.kind === 'REQUEST' ? source.features : []));
    const ids = [...new Set(upstream.map(({ versionId }) => versionId))];
    return { plan: servingPlan(wanted, await this.views.findVersions(workspaceId, ids)), service };
  }

  private async serviceOf(
    workspaceId: string,
    selection: Exclude<FeatureSelection, { features: readonly string[] }> | PinnedService,
  ): Promise<FeatureServiceVersion> {
    if ('serviceVersionId' in selection) {
      const pinned = await this.services.findVersion(workspaceId, selection.serviceVersionId);
      if (pinned !== null) return pinned;
      throw new CodedError('NOT_FOUND', 'There is no such version of a feature service in this workspace.');
    }
    const { service: name, version } = selection;
    const service = await this.services.find(workspaceId, name, version);
    if (service !== null) return service;
    const which = version === undefined ? '' : ` with a version ${version}`;
    throw new CodedError(
      'NOT_FOUND',
      `There is no feature service ${JSON.stringify(name.slice(0, 128))}${which} in this workspace.`,
    );
  }

  private async wantedBy(workspaceId: string, features: FeatureServiceVersion['features']): Promise<WantedFeature[]> {
    const ids = [...new Set(features.map(({ viewVersionId }) => viewVersionId))];
    const views = await this.views.findVersions(workspaceId, ids);
    return features.map(({ viewVersionId, feature, as }) => {
      const view = views.get(viewVersionId);
      if (view === undefined) throw new Error(`Version ${viewVersionId} of a view, pinned by a service, is not there.`);
      return { view, feature, as };
    });
  }

  private async named(workspaceId: string, features: readonly string[]): Promise<WantedFeature[]> {
    const views = new Map<string, FeatureViewVersion>();
    const wanted: WantedFeature[] = [];
    for (const as of features) {
      const { view: name, version, feature } = namedFeature(as);
      const key = `${name}@${version ?? ''}`;
      const view = views.get(key) ?? (await this.views.find(workspaceId, name, version));
      if (view === null) {
        throw new CodedError(
          'NOT_FOUND',
          `There is no feature view ${JSON.stringify(name.slice(0, 128))}${version === undefined ? '' : ` with a version ${version}`} in this workspace.`,
        );
      }
      views.set(key, view);
      wanted.push({ view, feature, as });
    }
    return wanted;
  }
}
