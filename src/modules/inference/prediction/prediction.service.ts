import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type ErrorCode, errorTable } from '../../../common/errors/error-table.js';
import type { PublicError } from '../../../common/errors/public-error.js';
import { hexOfDigest } from '../../../common/storage/digest.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { AuditDetail } from '../../audit/audit-event.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { BoundFeatures } from '../../feature-store/bindings/bound-features.js';
import type { UsedFeatures } from '../../feature-store/bindings/used-features.rules.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import { ExecutorClient, type InferenceResult } from '../client/executor-client.js';
import { InferenceMetrics } from '../metrics/inference-metrics.js';
import { InferenceStatistics } from '../metrics/inference-statistics.js';
import { ResponseCaches } from '../response-cache/response-caches.js';
import { Admission } from './admission.js';
import { ModelAdmission } from './model-admission.js';
import { modelFor, type PredictionRoute, PredictionRouter } from './prediction-router.js';
import { predictionLimits } from './prediction-limits.js';
import {
  checkPriority,
  checkRequest,
  isGiven,
  nameIn,
  type PredictionLimits,
  type PredictionRequest,
  readInputs,
  readOutputNames,
  rowsOf,
} from './request.rules.js';
import { descriptorOf, placementOf, timeoutWithin } from './serving.rules.js';

/** Refusals before any work: they are counted, but are no prediction that the audit trail would have to tell of. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['OVERLOADED', 'SHUTTING_DOWN', 'AUDIT_UNAVAILABLE']);

/** What a model answered, before it is put into the form of a protocol. */
export interface ModelAnswer {
  /** The caller's id of the request, or the one that it was given. */
  readonly requestId: string;
  readonly target: ServableVersion;
  /** The deployment and variant by which the model was chosen; null where the model was named itself. */
  readonly route: PredictionRoute | null;
  /** The id under which the prediction is logged; null where it is not. */
  readonly predictionId: string | null;
  /** What the model was given. */
  readonly inputs: readonly Tensor[];
  /** Rows of the input. */
  readonly rows: number;
  /** What the inputs were made of; null where they were given. */
  readonly features: UsedFeatures | null;
  readonly result: InferenceResult;
}

type ModelRun = Pick<ModelAnswer, 'inputs' | 'rows' | 'features' | 'result'>;

const noRun = { inputs: [], rows: 0, features: null, result: null } as const;

/** Predictions that are answered at once: admitted, checked, run on an executor, told to the audit trail. */
@Injectable()
export class PredictionService implements BeforeApplicationShutdown {
  private readonly admission: Admission;
  private readonly modelAdmission = new ModelAdmission();
  private readonly limits: PredictionLimits;
  private readonly details = new WeakMap<ServableVersion, AuditDetail>();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly router: PredictionRouter,
    private readonly registry: RegistrySnapshot,
    private readonly features: BoundFeatures,
    private readonly executors: ExecutorClient,
    private readonly caches: ResponseCaches,
    private readonly audit: AuditTrail,
    private readonly metrics: InferenceMetrics,
    private readonly statistics: InferenceStatistics,
  ) {
    this.admission = new Admission(settings.NESTOR_PREDICT_CONCURRENCY, 'predictions', settings.NESTOR_PREDICT_WAIT_MS);
    this.limits = predictionLimits(settings);
  }

  /** Predictions in flight finish, and are followed up. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.admission.close(this.settings.NESTOR_SHUTDOWN_TIMEOUT_MS);
    await this.router.close();
  }

  /**
   * What a prediction would be refused with now, to be sent before anything of it is looked at; undefined where it would
   * be let in. A refusal that is asked for is counted as sent.
   */
  refusal(): PublicError | undefined {
    const refusal = this.admission.refusal();
    if (refusal === undefined) return undefined;
    this.metrics.observe({ lane: 'predict', target: null, errorCode: refusal.code, elapsedMs: 0, answer: null });
    return { status: errorTable[refusal.code].status, ...refusal };
  }

  /**
   * @param signal gives the prediction up, because the client left.
   * @throws {CodedError} OVERLOADED, SHUTTING_DOWN, AUDIT_UNAVAILABLE, INVALID_INPUT, INVALID_TENSOR, INVALID_RECORD,
   * FEATURES_MISSING and what else `BoundFeatures.inputsOf` throws,
   * TENSOR_TOO_LARGE, DEPLOYMENT_NOT_FOUND, MODEL_NOT_FOUND, MODEL_NOT_READY, MODEL_UNLOADED, DEADLINE_EXCEEDED, and those of the executor.
   */
  async infer(context: ActorContext, request: PredictionRequest, signal?: AbortSignal): Promise<ModelAnswer> {
    const startedAt = performance.now();
    let route: PredictionRoute | null = null;
    let target: ServableVersion | null = null;
    let isAdmitted = false;
    try {
      this.admission.enter();
      isAdmitted = true;
      this.metrics.started('predict');
      this.audit.assertWritable();
      const { timeoutMs } = checkRequest(request, this.limits);
      checkPriority(request.priority);
      const { workspaceId } = context.actor;
      const routed = this.router.route(workspaceId, request);
      route = routed instanceof Promise ? await routed : routed;
      const resolved = this.registry.resolveServed(workspaceId, modelFor(request, route));
      target = resolved instanceof Promise ? await resolved : resolved;
      const run = await this.serve(workspaceId, request, target, startedAt, timeoutMs, signal);
      this.record(context, request, { route, target }, null);
      this.observe(target, null, startedAt, run);
      const requestId = request.requestId ?? context.requestId;
      const { inputs, rows, features, result } = run;
      if (route === null) return { inputs, rows, features, result, requestId, target, route, predictionId: null };
      const elapsedMs = performance.now() - startedAt;
      const ended = { inputs, rows, features, result, context, requestId, elapsedMs, target, errorCode: null };
      return { inputs, rows, features, result, requestId, target, route, predictionId: route.ended(ended) };
    } catch (error) {
      const errorCode = error instanceof CodedError ? error.code : 'INTERNAL_SERVER_ERROR';
      this.observe(target, errorCode, startedAt, null);
      if (!refusals.has(errorCode)) this.record(context, request, { route, target }, errorCode);
      const requestId = request.requestId ?? context.requestId;
      const elapsedMs = performance.now() - startedAt;
      route?.ended({ ...noRun, context, requestId, elapsedMs, target, errorCode });
      throw error;
    } finally {
      if (isAdmitted) {
        this.metrics.ended('predict');
        this.admission.leave(performance.now() - startedAt);
      }
    }
  }

  /** A version of which nothing was said takes the shortest way. */
  private serve(
    workspaceId: string,
    request: PredictionRequest,
    target: ServableVersion,
    startedAt: number,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ModelRun> {
    if (target.serving === null) {
      return this.run(workspaceId, request, target, startedAt + timeoutMs, signal);
    }
    const expiresAt = startedAt + timeoutWithin(target, request.timeoutMs, timeoutMs);
    return this.modelAdmission.within(target, () => this.run(workspaceId, request, target, expiresAt, signal));
  }

  private async run(
    workspaceId: string,
    request: PredictionRequest,
    target: ServableVersion,
    expiresAt: number,
    signal: AbortSignal | undefined,
  ): Promise<ModelRun> {
    const bound = isGiven(request.entities)
      ? await this.features.inputsOf(workspaceId, target, { entities: request.entities, request: request.request })
      : null;
    const inputs = bound?.tensors ?? readInputs(target, request, this.limits.maxJsonElements);
    const outputs = readOutputNames(target, request.outputs);
    const deadlineMs = expiresAt - performance.now();
    if (deadlineMs <= 0) {
      throw new CodedError('DEADLINE_EXCEEDED', 'The deadline passed before the model could be run.');
    }
    const digest = hexOfDigest(target.digest);
    const descriptor = descriptorOf(target, request.priority);
    const placement = placementOf(target);
    const inference = { digest, descriptor, placement, tensors: inputs, outputs, deadlineMs, signal };
    const result =
      target.serving?.policy.cacheBytes === undefined
        ? await this.executors.infer(inference)
        : await this.caches.infer(target, inference, () => this.executors.infer(inference));
    return { inputs, rows: rowsOf(inputs), features: bound?.used ?? null, result };
  }

  private record(
    context: ActorContext,
    request: PredictionRequest,
    { route, target }: { readonly route: PredictionRoute | null; readonly target: ServableVersion | null },
    errorCode: ErrorCode | null,
  ): void {
    const isSuccess = errorCode === null;
    this.audit.recordPrediction(context, {
      action: 'inference.predict',
      resourceType: target === null ? (isGiven(request.deployment) ? 'deployment' : 'model') : 'model-version',
      resourceId: target?.versionId ?? nameIn(request),
      outcome: isSuccess ? 'SUCCESS' : 'FAILURE',
      errorCode: isSuccess ? undefined : errorCode,
      detail: target === null ? undefined : this.detailOf(target, route),
    });
  }

  /** The same object for the same version, whose text the trail then writes once. */
  private detailOf(target: ServableVersion, route: PredictionRoute | null): AuditDetail {
    const { model, version } = target;
    if (route !== null) return { model, version, deployment: route.deployment, variant: route.variant };
    const known = this.details.get(target);
    if (known !== undefined) return known;
    const detail = { model, version };
    this.details.set(target, detail);
    return detail;
  }

  private observe(
    target: ServableVersion | null,
    errorCode: ErrorCode | null,
    startedAt: number,
    run: ModelRun | null,
  ): void {
    const elapsedMs = performance.now() - startedAt;
    const result = run?.result ?? null;
    this.metrics.observe({
      lane: 'predict',
      target,
      errorCode,
      elapsedMs,
      answer: result?.fromCache === true ? null : result,
    });
    if (target !== null) this.statistics.observe(target.versionId, elapsedMs, run?.rows ?? 0, result);
  }
}
