import type { ModelReference } from '../../registry/snapshot/servable-version.js';
import type { PredictionRequest } from './request.rules.js';

/** Where a request for a deployment was sent. */
export interface PredictionRoute {
  readonly deployment: string;
  /** Name of the variant that answers. */
  readonly variant: string;
  readonly reference: ModelReference;
}

/** Port: chooses the model version for requests that name a deployment. What lies above inference implements it. */
export abstract class PredictionRouter {
  /**
   * To be asked for every request that names no model; answers at once wherever it can.
   * @returns null where the name is no deployment's and may be a model's.
   * @throws {CodedError} DEPLOYMENT_NOT_FOUND, at once or by the promise.
   */
  abstract route(
    workspaceId: string,
    request: PredictionRequest,
  ): PredictionRoute | null | Promise<PredictionRoute | null>;

  /** The model version that stands for a deployment; null where the name is no deployment's. */
  abstract champion(workspaceId: string, name: string): ModelReference | null | Promise<ModelReference | null>;
}
