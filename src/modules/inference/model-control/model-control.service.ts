import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { ModelServings } from '../../registry/serving/model-servings.service.js';
import type { ServingChange } from '../../registry/serving/served-file.js';
import type { Residency, ServingPolicy } from '../../registry/serving/serving-policy.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import { ExecutorView } from '../client/executor-view.js';
import { ResponseCaches } from '../response-cache/response-caches.js';
import { ModelLoading } from './model-loading.js';
import { stateOf, type VersionState } from './model-state.rules.js';
import { assertPolicyFits } from './serving-policy.rules.js';
import { type GivenSample, warmUpSamples } from './warm-up.rules.js';

/** One version, or where none is named the model. */
export interface VersionChoice {
  readonly model: string;
  readonly version?: number | null | undefined;
}

/** How long loading and unloading are waited for unless something else is said, in milliseconds. */
export const DEFAULT_WAIT_MS = 30_000;

const detailOf = ({ policy, warmUp, residency }: ServingChange) => ({
  ...policy,
  ...(warmUp !== undefined && { warmUp: warmUp.map(({ name }) => name).join(', ') }),
  ...(residency !== undefined && { residency }),
});

/** Says how versions are served, and has them loaded and unloaded. */
@Injectable()
export class ModelControlService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly registry: RegistrySnapshot,
    private readonly servings: ModelServings,
    private readonly view: ExecutorView,
    private readonly caches: ResponseCaches,
  ) {}

  /**
   * Says how a version is served; takes the place of what was said before. Executors that hold the version are not
   * disturbed: warm-up samples count when it is loaded next.
   * @throws {CodedError} MODEL_NOT_FOUND, INVALID_INPUT, and what is wrong with a warm-up sample.
   */
  async setPolicy(
    context: ActorContext,
    name: { readonly model: string; readonly version: number },
    policy: ServingPolicy,
    samples: readonly GivenSample[],
  ): Promise<void> {
    const { settings } = this;
    const target = await this.registry.resolve(context.actor.workspaceId, name);
    assertPolicyFits(policy, target.batchable, {
      maxBatchRows: settings.NESTOR_EXECUTOR_MAX_BATCH_ROWS,
      maxTimeoutMs: settings.NESTOR_PREDICT_MAX_TIMEOUT_MS,
      cacheBytes: settings.NESTOR_RESPONSE_CACHE_BYTES,
    });
    const warmUp = warmUpSamples(target, samples, settings.NESTOR_JSON_TENSOR_MAX_ELEMENTS);
    await this.servings.change(context, [[target, { policy, warmUp }]], 'model-version.set-serving-policy', detailOf);
    this.caches.drop(target.versionId);
  }

  /**
   * Has a version loaded and kept so. Without a version it is the one that serves by default, and those that were
   * unloaded are served again when they are asked for.
   * @returns how it stands once executors have loaded it.
   * @throws {CodedError} MODEL_NOT_FOUND, and all that `ModelLoading.loaded` throws. The version is to be loaded all the
   *   same: executors try again.
   */
  async load(context: ActorContext, choice: VersionChoice, timeoutMs = DEFAULT_WAIT_MS): Promise<VersionState> {
    const target = await this.registry.resolve(context.actor.workspaceId, choice);
    const others = hasVersion(choice) ? [] : await this.versionsOf(context, choice.model);
    const unloaded = others.filter(
      ({ versionId, serving }) => versionId !== target.versionId && serving?.residency === 'UNLOADED',
    );
    const loading = new ModelLoading(target, this.view);
    await this.setResidency(context, 'model-version.load', [
      [target, 'LOADED'],
      ...unloaded.map((version) => [version, 'ON_DEMAND'] as const),
    ]);
    await loading.loaded(timeoutMs);
    return this.stateNow(context, target);
  }

  /**
   * Has a version refused and let go of, once what is in flight is answered. Without a version, all of the model.
   * @returns how they stand once no executor holds them.
   * @throws {CodedError} MODEL_NOT_FOUND, DEADLINE_EXCEEDED.
   */
  async unload(context: ActorContext, choice: VersionChoice, timeoutMs = DEFAULT_WAIT_MS): Promise<VersionState[]> {
    const targets = await this.chosen(context, choice);
    await this.setResidency(
      context,
      'model-version.unload',
      targets.map((target) => [target, 'UNLOADED']),
    );
    for (const { versionId } of targets) this.caches.drop(versionId);
    await Promise.all(targets.map((target) => this.released(target, timeoutMs)));
    return Promise.all(targets.map((target) => this.stateNow(context, target)));
  }

  /**
   * Takes back what was said by `load` or `unload`: versions are loaded when they are asked for. Does not wait.
   * @throws {CodedError} MODEL_NOT_FOUND.
   */
  async loadOnDemand(context: ActorContext, choice: VersionChoice): Promise<VersionState[]> {
    const targets = await this.chosen(context, choice);
    await this.setResidency(
      context,
      'model-version.load-on-demand',
      targets.map((target) => [target, 'ON_DEMAND']),
    );
    return Promise.all(targets.map((target) => this.stateNow(context, target)));
  }

  /** How the versions of a model, or of all models, stand. @throws {CodedError} MODEL_NOT_FOUND. */
  async index(context: ActorContext, model: string | undefined, readyOnly: boolean): Promise<VersionState[]> {
    const versions = await this.versionsOf(context, model);
    const hosts = this.view.hosts();
    const states = versions.map((version) => stateOf(version, hosts));
    return readyOnly ? states.filter(({ state }) => state === 'READY') : states;
  }

  /** Whether requests for a version are answered. */
  isReady(target: ServableVersion): boolean {
    return stateOf(target, this.view.hosts()).state === 'READY';
  }

  private async versionsOf({ actor }: ActorContext, model: string | undefined): Promise<ServableVersion[]> {
    return this.registry.versionsOf(actor.workspaceId, model);
  }

  private async chosen(context: ActorContext, choice: VersionChoice): Promise<ServableVersion[]> {
    if (!hasVersion(choice)) return this.versionsOf(context, choice.model);
    return [await this.registry.resolve(context.actor.workspaceId, choice)];
  }

  private async setResidency(
    context: ActorContext,
    action: string,
    changes: readonly (readonly [ServableVersion, Residency])[],
  ): Promise<void> {
    const said = changes.map(([target, residency]) => [target, { residency }] as const);
    await this.servings.change(context, said, action, detailOf);
  }

  /** A file that another version still serves stays with the executors. */
  private async released(target: ServableVersion, timeoutMs: number): Promise<void> {
    const files = await this.servings.files(target.digest);
    if (files.every(({ residency }) => residency === 'UNLOADED')) {
      await new ModelLoading(target, this.view).released(timeoutMs);
    }
  }

  private async stateNow({ actor }: ActorContext, { model, version }: ServableVersion): Promise<VersionState> {
    return stateOf(await this.registry.resolve(actor.workspaceId, { model, version }), this.view.hosts());
  }
}

const hasVersion = ({ version }: VersionChoice): boolean => version !== undefined && version !== null;
