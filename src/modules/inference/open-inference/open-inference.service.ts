import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { isJsonObject } from '../../../common/json/json-object.js';
import { version as nestorVersion } from '../../../common/server-info/version.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import { ExecutorView } from '../client/executor-view.js';
import { countReady } from '../directory/first-ready.js';
import { InferenceStatistics } from '../metrics/inference-statistics.js';
import { ModelControlService } from '../model-control/model-control.service.js';
import type { VersionState } from '../model-control/model-state.rules.js';
import { PredictionRouter } from '../prediction/prediction-router.js';
import { PredictionService } from '../prediction/prediction.service.js';
import { shorten } from '../prediction/tensors.rules.js';
import type { BodyParts } from './body-parts.rules.js';
import type { InferAnswerFacts } from './infer-answer.rules.js';
import { type InferRequest, rawInferRequest, readInferRequest } from './infer-request.rules.js';
import { modelConfiguration, modelMetadata } from './model-documents.rules.js';
import { statisticsDocument } from './statistics-document.rules.js';

/** Model and version as a URL names them. In place of a model's name, without a version, a deployment's may stand. */
export interface ModelPath {
  readonly model: string;
  readonly version?: string;
}

/** The extensions of the protocol that are spoken, by Triton's names for them. */
const EXTENSIONS = ['binary_tensor_data', 'model_configuration', 'statistics', 'model_repository'];

/** What the Open Inference Protocol asks for, whatever it is carried by. */
@Injectable()
export class OpenInferenceService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly registry: RegistrySnapshot,
    private readonly router: PredictionRouter,
    private readonly predictions: PredictionService,
    private readonly control: ModelControlService,
    private readonly executors: ExecutorView,
    private readonly counts: InferenceStatistics,
  ) {}

  server() {
    return { name: 'nestor', version: nestorVersion, extensions: EXTENSIONS };
  }

  isReady(): boolean {
    return countReady(this.executors) > 0;
  }

  /** @throws {CodedError} MODEL_NOT_FOUND, MODEL_NOT_READY. */
  async metadata(context: ActorContext, path: ModelPath) {
    const target = await this.resolve(context, path);
    const versions = await this.registry.versionsOf(context.actor.workspaceId, target.model);
    return modelMetadata(
      target,
      versions.map(({ version }) => version),
    );
  }

  /** @throws {CodedError} MODEL_NOT_FOUND. */
  async isModelReady(context: ActorContext, path: ModelPath): Promise<boolean> {
    try {
      return this.control.isReady(await this.resolve(context, path));
    } catch (error) {
      if (error instanceof CodedError && error.code === 'MODEL_NOT_READY') return false;
      throw error;
    }
  }

  /** @throws {CodedError} MODEL_NOT_FOUND, MODEL_NOT_READY. */
  async configuration(context: ActorContext, path: ModelPath) {
    return modelConfiguration(await this.resolve(context, path), this.settings.NESTOR_EXECUTOR_MAX_BATCH_ROWS);
  }

  /** @throws {CodedError} MODEL_NOT_FOUND. */
  async statistics({ actor }: ActorContext, { model, version }: Partial<ModelPath>) {
    const number = version === undefined ? undefined : versionNumber(version);
    const versions = await this.registry.versionsOf(actor.workspaceId, model);
    const wanted = versions.filter((candidate) => number === undefined || candidate.version === number);
    if (wanted.length === 0 && model !== undefined) {
      throw new CodedError(
        'MODEL_NOT_FOUND',
        `There is no version ${version ?? ''} of a model ${JSON.stringify(model)}.`,
      );
    }
    return { model_stats: wanted.map((target) => statisticsDocument(target, this.counts.of(target.versionId))) };
  }

  /** How every version stands. */
  async index(context: ActorContext, readyOnly: boolean) {
    return (await this.control.index(context, undefined, readyOnly)).map(indexEntry);
  }

  /** @throws {CodedError} INVALID_INPUT, and all that `ModelControlService.load` throws. */
  async load(context: ActorContext, path: ModelPath, parameters: unknown): Promise<void> {
    assertNoConfiguration(parameters);
    await this.control.load(context, referenceOf(path));
  }

  /** @throws {CodedError} all that `ModelControlService.unload` throws. */
  async unload(context: ActorContext, path: ModelPath): Promise<void> {
    await this.control.unload(context, referenceOf(path));
  }

  /** @throws {CodedError} all that `PredictionService.infer` throws. */
  async infer(
    context: ActorContext,
    path: ModelPath,
    request: InferRequest,
    signal: AbortSignal | undefined,
  ): Promise<InferAnswerFacts> {
    const { id, inputs, outputs, timeoutMs, priority, stickyKey } = request;
    const { model: endpoint, version } = referenceOf(path);
    const answer = await this.predictions.infer(
      context,
      { endpoint, version, inputs, outputs, timeoutMs, priority, stickyKey, requestId: id },
      signal,
    );
    const { target, route, predictionId, result } = answer;
    const { inferenceMs, queueMs, batchRows, executor, fromCache } = result;
    const parameters = {
      inference_ms: inferenceMs,
      queue_ms: queueMs,
      batch_rows: batchRows,
      executor,
      ...(fromCache !== undefined && { from_cache: fromCache }),
      ...(route !== null && { deployment: route.deployment, variant: route.variant }),
      ...(predictionId !== null && { prediction_id: predictionId }),
    };
    return { model: target.model, version: target.version, id, outputs: result.outputs, parameters };
  }

  /** Reads the body of a request. @throws {CodedError} INVALID_INPUT, INVALID_TENSOR, MODEL_NOT_FOUND. */
  async readRequest(context: ActorContext, path: ModelPath, parts: BodyParts): Promise<InferRequest> {
    if (parts.json !== undefined) return readInferRequest(parts);
    const { signature } = await this.resolve(context, path);
    return rawInferRequest(signature.inputs, parts.binary);
  }

  private async resolve({ actor }: ActorContext, path: ModelPath): Promise<ServableVersion> {
    const reference = referenceOf(path);
    const champion =
      reference.version === undefined ? await this.router.champion(actor.workspaceId, reference.model) : null;
    return this.registry.resolve(actor.workspaceId, champion ?? reference);
  }
}

function referenceOf({ model, version }: ModelPath): { model: string; version: number | undefined } {
  return { model, version: version === undefined ? undefined : versionNumber(version) };
}

/** @throws {CodedError} MODEL_NOT_FOUND for what is no number of a version. */
function versionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CodedError(
    'MODEL_NOT_FOUND',
    `There is no version ${JSON.stringify(text.slice(0, 60))}: versions are numbers.`,
  );
}

function indexEntry({ target, state, reason }: VersionState) {
  return { name: target.model, version: String(target.version), state, reason };
}

/** Triton takes a configuration and whole models with a load; ours are registered, and have policies. */
function assertNoConfiguration(parameters: unknown): void {
  if (!isJsonObject(parameters)) return;
  const [given] = Object.keys(parameters).filter((name) => name === 'config' || name.startsWith('file:'));
  if (given === undefined) return;
  const message = `parameters: ${shorten(given)} is not taken. Register versions, and say by setServingPolicy how they are served.`;
  throw new CodedError('INVALID_INPUT', message);
}
