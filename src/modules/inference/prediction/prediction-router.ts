import type { ActorContext } from '../../../common/access/actor.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { ModelReference, ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { InferenceResult } from '../client/executor-client.js';
import type { UsedFeatures } from '../../feature-store/bindings/used-features.rules.js';
import { isGiven, nameIn, type PredictionRequest } from './request.rules.js';

/** How a prediction ended. */
export interface EndedPrediction {
  readonly context: ActorContext;
  /** The caller's id of the request, or the one that it was given. */
  readonly requestId: string;
  /** From the request's arrival, in milliseconds. */
  readonly elapsedMs: number;
  /** Null where the request did not come as far as to a model. */
  readonly target: ServableVersion | null;
  /** What the model was given; empty where it failed. */
  readonly inputs: readonly Tensor[];
  readonly rows: number;
  /** Null where it was not asked by entity, or failed. */
  readonly features: UsedFeatures | null;
  /** Null where it failed. */
  readonly result: InferenceResult | null;
  /** Null for success. */
  readonly errorCode: ErrorCode | null;
}

/** Where a request for a deployment was sent. */
export interface PredictionRoute {
  readonly deployment: string;
  /** Name of the variant that answers. */
  readonly variant: string;
  readonly reference: ModelReference;
  /**
   * To be told once how a prediction that is answered at once ended, before it is answered; it neither waits nor fails.
   * @returns the id under which the prediction is logged; null where it is not.
   */
  ended(prediction: EndedPrediction): string | null;
}

/** The model that a request is for: the one to which it was sent, else the one that it names. */
export function modelFor(request: PredictionRequest, route: PredictionRoute | null): ModelReference {
  const { version, alias } = request;
  return route?.reference ?? { model: nameIn(request), version, alias };
}

/** Port: chooses the model version for requests that name a deployment. What lies above inference implements it. */
export abstract class PredictionRouter {
  /**
   * Answers at once wherever it can.
   * @returns null where the request names a model, or the name is no deployment's and may be a model's.
   * @throws {CodedError} DEPLOYMENT_NOT_FOUND, at once or by the promise.
   */
  route(workspaceId: string, request: PredictionRequest): PredictionRoute | null | Promise<PredictionRoute | null> {
    return isGiven(request.model) ? null : this.routeNamed(workspaceId, request);
  }

  /** To be called once no more predictions come, while the database is still there: what has ended is recorded. */
  abstract close(): Promise<void>;

  /** The model version that stands for a deployment; null where the name is no deployment's. */
  abstract champion(workspaceId: string, name: string): ModelReference | null | Promise<ModelReference | null>;

  /** As `route`, for requests that name no model. */
  protected abstract routeNamed(
    workspaceId: string,
    request: PredictionRequest,
  ): PredictionRoute | null | Promise<PredictionRoute | null>;
}
