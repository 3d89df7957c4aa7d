import { Injectable } from '@nestjs/common';
import {
  type EndedPrediction,
  type PredictionRoute,
  PredictionRouter,
} from '../../inference/prediction/prediction-router.js';
import { isGiven, type PredictionRequest } from '../../inference/prediction/request.rules.js';
import type { ModelReference } from '../../registry/snapshot/servable-version.js';
import type { Variant } from '../variant.js';
import { championOf } from '../variants.rules.js';
import { DeploymentSnapshot } from './deployment-snapshot.js';
import { PredictionFollowUp } from './prediction-follow-up.js';
import { choose } from './rendezvous.rules.js';
import type { RoutedDeployment } from './routed-deployment.js';

/** Sends each request for a deployment to one of its variants, by weight; the same sticky key to the same variant. */
@Injectable()
export class DeploymentRouter extends PredictionRouter {
  constructor(
    private readonly snapshot: DeploymentSnapshot,
    private readonly followUp: PredictionFollowUp,
  ) {
    super();
  }

  protected override routeNamed(
    workspaceId: string,
    request: PredictionRequest,
  ): PredictionRoute | null | Promise<PredictionRoute | null> {
    const found = this.find(workspaceId, request);
    return found instanceof Promise
      ? found.then((deployment) => this.routeOf(deployment, request))
      : this.routeOf(found, request);
  }

  override champion(workspaceId: string, name: string): ModelReference | null | Promise<ModelReference | null> {
    const found = this.snapshot.find(workspaceId, name);
    return found instanceof Promise ? found.then(championIn) : championIn(found);
  }

  override async close(): Promise<void> {
    await this.followUp.close();
  }

  private find(workspaceId: string, { deployment, endpoint, version, alias }: PredictionRequest) {
    if (isGiven(deployment)) return this.snapshot.require(workspaceId, deployment);
    // Who names a version means a model.
    const isModel = !isGiven(endpoint) || isGiven(version) || isGiven(alias);
    return isModel ? undefined : this.snapshot.find(workspaceId, endpoint);
  }

  private routeOf(deployment: RoutedDeployment | undefined, { stickyKey }: PredictionRequest): PredictionRoute | null {
    if (deployment === undefined) return null;
    const variant = choose(deployment.answering, deployment.id, stickyKey ?? String(Math.random()));
    if (variant === undefined) throw new TypeError('A deployment whose weights are all 0 was stored.');
    return new DeploymentRoute(deployment, variant, this.followUp);
  }
}

class DeploymentRoute implements PredictionRoute {
  constructor(
    private readonly routed: RoutedDeployment,
    readonly reference: Variant,
    private readonly followUp: PredictionFollowUp,
  ) {}

  get deployment(): string {
    return this.routed.name;
  }

  get variant(): string {
    return this.reference.name;
  }

  ended(prediction: EndedPrediction): string | null {
    return this.followUp.after(this.routed, this.reference, prediction);
  }
}

const championIn = (deployment: RoutedDeployment | undefined): ModelReference | null =>
  deployment === undefined ? null : championOf(deployment.answering);
