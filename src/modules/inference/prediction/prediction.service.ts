import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import { hexOfDigest } from '../../../common/storage/digest.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { AuditDetail } from '../../audit/audit-event.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import { ExecutorClient, type InferenceResult } from '../client/executor-client.js';
import { InferenceMetrics } from '../metrics/inference-metrics.js';
import { InferenceStatistics } from '../metrics/inference-statistics.js';
import { Admission } from './admission.js';
import { type PredictionRoute, PredictionRouter } from './prediction-router.js';
import { predictionLimits } from './prediction-limits.js';
import {
  checkRequest,
  isGiven,
  nameIn,
  type PredictionLimits,
  type PredictionRequest,
  readInputs,
  readOutputNames,
  rowsOf,
} from './request.rules.js';

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
  readonly result: InferenceResult;
}

type ModelRun = Pick<ModelAnswer, 'inputs' | 'rows' | 'result'>;

const noRun = { inputs: [], rows: 0, result: null } as const;

/** Predictions that are answered at once: admitted, checked, run on an executor, told to the audit trail. */
@Injectable()
export class PredictionService implements BeforeApplicationShutdown {
  private readonly admission: Admission;
  private readonly limits: PredictionLimits;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly router: PredictionRouter,
    private readonly registry: RegistrySnapshot,
    private readonly executors: ExecutorClient,
    private readonly audit: AuditTrail,
    private readonly metrics: InferenceMetrics,
    private readonly statistics: InferenceStatistics,
  ) {
    this.admission = new Admission(settings.NESTOR_PREDICT_CONCURRENCY);
    this.limits = predictionLimits(settings);
  }

  /** Predictions in flight finish, and are followed up. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.admission.close(this.settings.NESTOR_SHUTDOWN_TIMEOUT_MS);
    await this.router.close();
  }

  /**
   * @param signal gives the prediction up, because the client left.
   * @throws {CodedError} OVERLOADED, SHUTTING_DOWN, AUDIT_UNAVAILABLE, INVALID_INPUT, INVALID_TENSOR, INVALID_RECORD,
   * TENSOR_TOO_LARGE, DEPLOYMENT_NOT_FOUND, MODEL_NOT_FOUND, MODEL_NOT_READY, DEADLINE_EXCEEDED, and those of the executor.
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
      const { workspaceId } = context.actor;
      const routed = isGiven(request.model) ? null : this.router.route(workspaceId, request);
      route = routed instanceof Promise ? await routed : routed;
      const resolved = this.registry.resolve(workspaceId, route?.reference ?? { ...request, model: nameIn(request) });
      target = resolved instanceof Promise ? await resolved : resolved;
      const run = await this.run(request, target, startedAt + timeoutMs, signal);
      this.record(context, request, { route, target }, null);
      this.observe(target, null, startedAt, run);
      const requestId = request.requestId ?? context.requestId;
      const ended = { ...run, context, requestId, elapsedMs: performance.now() - startedAt, target, errorCode: null };
      const predictionId = route?.ended(ended) ?? null;
      return { ...run, requestId, target, route, predictionId };
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

  private async run(
    request: PredictionRequest,
    target: ServableVersion,
    expiresAt: number,
    signal: AbortSignal | undefined,
  ): Promise<ModelRun> {
    const inputs = readInputs(target, request, this.limits.maxJsonElements);
    const outputs = readOutputNames(target, request.outputs);
    const deadlineMs = expiresAt - performance.now();
    if (deadlineMs <= 0) {
      throw new CodedError('DEADLINE_EXCEEDED', 'The deadline passed before the model could be run.');
    }
    const digest = hexOfDigest(target.digest);
    const descriptor = { batchable: target.batchable };
    const result = await this.executors.infer({ digest, descriptor, tensors: inputs, outputs, deadlineMs, signal });
    return { inputs, rows: rowsOf(inputs), result };
  }

  private record(
    context: ActorContext,
    request: PredictionRequest,
    { route, target }: { readonly route: PredictionRoute | null; readonly target: ServableVersion | null },
    errorCode: ErrorCode | null,
  ): void {
    const named = isGiven(request.deployment) ? 'deployment' : 'model';
    this.audit.recordPrediction(context, {
      action: 'inference.predict',
      resourceType: target === null ? named : 'model-version',
      resourceId: target?.versionId ?? nameIn(request),
      ...(errorCode === null ? {} : { outcome: 'FAILURE', errorCode }),
      ...(target === null ? {} : { detail: detailOf(target, route) }),
    });
  }

  private observe(
    target: ServableVersion | null,
    errorCode: ErrorCode | null,
    startedAt: number,
    run: ModelRun | null,
  ): void {
    const elapsedMs = performance.now() - startedAt;
    const result = run?.result ?? null;
    this.metrics.observe({ lane: 'predict', target, errorCode, elapsedMs, answer: result });
    if (target !== null) this.statistics.observe(target.versionId, elapsedMs, run?.rows ?? 0, result);
  }
}

function detailOf({ model, version }: ServableVersion, route: PredictionRoute | null): AuditDetail {
  return route === null ? { model, version } : { model, version, deployment: route.deployment, variant: route.variant };
}
