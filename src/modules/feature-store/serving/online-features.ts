import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureServiceVersion } from '../definitions/feature-service.js';
import type { JsonRow } from '../json-values.rules.js';
import { type EntityKey, type OnlineRow, OnlineStore } from '../online/online-store.js';
import { type EntityRows, entityRows } from './entity-rows.rules.js';
import { type FeatureColumn, featureColumns } from './feature-columns.rules.js';
import type { Lookup, ServingPlan } from './serving-plan.rules.js';
import type { FeatureSelection, PinnedService } from './feature-selection.rules.js';
import { ServingPlans } from './serving-plans.js';
import type { TypedColumn } from '../value-types.js';

/** What is asked for of which entities. */
export interface OnlineFeaturesRequest {
  readonly selection: FeatureSelection | PinnedService;
  /** For each entity its join keys and, for on-demand views, fields of the request, as they came in JSON. */
  readonly entities: readonly JsonRow[];
  /** Fields of the request that hold for every entity whose row does not have them. */
  readonly request?: JsonRow | undefined;
}

export interface OnlineFeaturesAnswer {
  /** Null where features were named one by one. */
  readonly service: FeatureServiceVersion | null;
  /** Join keys of the entities. */
  readonly keys: readonly TypedColumn[];
  /** In the order of the service, or in that in which they were named. */
  readonly features: readonly FeatureColumn[];
}

/** Most features that one call may name. */
const MAX_FEATURES = 1_000;

/** Reads features online: what is stored of entities, and what is computed from it and from the request. */
@Injectable()
export class OnlineFeatures {
  constructor(
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_ONLINE_MAX_ENTITIES'>,
    private readonly plans: ServingPlans,
    private readonly store: OnlineStore,
  ) {}

  /**
   * @param now the moment by which ages are told, in milliseconds since the epoch.
   * @throws {CodedError} NOT_FOUND for a service, view or feature that is not there; INVALID_INPUT for entities that lack a
   * join key or have one of another type; CONFLICT for features that cannot be read online; SERVICE_UNAVAILABLE.
   */
  async read(
    workspaceId: string,
    { selection, entities, request = {} }: OnlineFeaturesRequest,
    now?: number,
  ): Promise<OnlineFeaturesAnswer> {
    this.assertSize(selection, entities);
    const { plan, service } = await this.plans.of(workspaceId, selection);
    const rows = entityRows(plan, entities, request);
    return {
      service,
      keys: plan.keys,
      features: featureColumns(plan, await this.lookUp(plan, rows, now), rows.fields),
    };
  }

  private lookUp({ keys, lookups }: ServingPlan, rows: EntityRows, now?: number): Promise<OnlineRow[][]> {
    const reads = lookups.map((lookup) => ({ ...lookup, entities: keysOf(lookup, keys.length, rows.keys) }));
    return this.store.read(reads, now);
  }

  private assertSize(selection: FeatureSelection | PinnedService, entities: readonly JsonRow[]): void {
    const { NESTOR_ONLINE_MAX_ENTITIES: most } = this.settings;
    if (entities.length > most) {
      throw new CodedError(
        'INVALID_INPUT',
        `${entities.length} entities are too many for one call; ask for at most ${most} (NESTOR_ONLINE_MAX_ENTITIES).`,
      );
    }
    if ('features' in selection && selection.features.length > MAX_FEATURES) {
      throw new CodedError('INVALID_INPUT', `One call names at most ${MAX_FEATURES} features.`);
    }
  }
}

/** The keys of a view out of those of all; they are the same where it has them all in their order. */
function keysOf({ keysAt }: Lookup, count: number, keys: readonly EntityKey[]): readonly EntityKey[] {
  if (keysAt.length === count && keysAt.every((at, index) => at === index)) return keys;
  return keys.map((key) => keysAt.map((at) => key[at] ?? null));
}
