import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EndedPrediction } from '../../inference/prediction/prediction-router.js';
import type { PredictionEntry } from '../log/logged-prediction.js';
import { PredictionLog } from '../log/prediction-log.js';
import { ShadowRunner } from '../shadow/shadow-runner.js';
import type { Variant } from '../variant.js';
import type { RoutedDeployment } from './routed-deployment.js';

/** What is done once a prediction has ended: it is logged, and shadows get a copy. */
@Injectable()
export class PredictionFollowUp {
  constructor(
    private readonly log: PredictionLog,
    private readonly shadows: ShadowRunner,
  ) {}

  /** Writes what is to be logged; nothing more comes. */
  async close(): Promise<void> {
    await this.log.close();
  }

  /** Neither waits nor fails. @returns the id under which the prediction is logged; null where it is not. */
  after(deployment: RoutedDeployment, variant: Variant, ended: EndedPrediction): string | null {
    const sampled = Math.random() < deployment.logging.sampleRate;
    const entry = sampled || deployment.hasCanary ? entryOf(deployment, variant, ended, sampled) : null;
    const isLogged = entry !== null && this.log.add(entry);
    if (ended.result !== null) this.shadows.start(deployment, ended, isLogged ? entry : null);
    return isLogged ? entry.id : null;
  }
}

function entryOf(
  deployment: RoutedDeployment,
  { name, role, model, version }: Variant,
  { context, requestId, target, inputs, rows, features, result, elapsedMs, errorCode }: EndedPrediction,
  sampled: boolean,
): PredictionEntry {
  const isKept = deployment.logging.keepPayloads && sampled && target !== null && result !== null;
  return {
    id: randomUUID(),
    workspaceId: context.actor.workspaceId,
    deploymentId: deployment.id,
    deployment: deployment.name,
    variant: name,
    role,
    model,
    version,
    requestId,
    primaryId: null,
    latencyMs: elapsedMs,
    errorCode,
    sampled,
    createdAt: new Date(),
    features,
    payload: isKept ? { contract: target, inputs, outputs: result.outputs, rows } : null,
  };
}
