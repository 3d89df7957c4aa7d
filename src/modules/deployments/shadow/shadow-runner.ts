import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { hexOfDigest } from '../../../common/storage/digest.js';
import { ExecutorClient } from '../../inference/client/executor-client.js';
import type { EndedPrediction } from '../../inference/prediction/prediction-router.js';
import { backgroundDescriptorOf, placementOf } from '../../inference/prediction/serving.rules.js';
import { RegistrySnapshot } from '../../registry/snapshot/registry-snapshot.js';
import type { Payload, PredictionRecord } from '../log/logged-prediction.js';
import { PredictionLog } from '../log/prediction-log.js';
import type { RoutedDeployment } from '../routing/routed-deployment.js';
import type { Variant } from '../variant.js';
import { SHADOW_RUNS } from './shadow-metrics.js';

/**
 * Gives shadows a copy of what was just answered. The caller neither waits for it nor hears of it, and only so many run
 * at a time: what comes meanwhile is dropped and counted.
 */
@Injectable()
export class ShadowRunner {
  private underWay = 0;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly registry: RegistrySnapshot,
    private readonly executors: ExecutorClient,
    private readonly log: PredictionLog,
    @InjectMetric(SHADOW_RUNS) private readonly outcomes: Counter,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param primary the log's record of what was answered; null where it was not logged, and shadows are not then. */
  start(deployment: RoutedDeployment, ended: EndedPrediction, primary: PredictionRecord | null): void {
    for (const shadow of deployment.shadows) {
      if (this.underWay >= this.settings.NESTOR_SHADOW_CONCURRENCY) {
        this.outcomes.inc({ outcome: 'dropped' });
        continue;
      }
      this.underWay += 1;
      // Behind the answer, which is on its way in this turn of the event loop.
      setImmediate(() => void this.run(shadow, deployment, ended, primary));
    }
  }

  private async run(
    shadow: Variant,
    deployment: RoutedDeployment,
    ended: EndedPrediction,
    primary: PredictionRecord | null,
  ): Promise<void> {
    const startedAt = performance.now();
    let payload: Payload | null = null;
    let errorCode: ErrorCode | null = null;
    try {
      payload = await this.infer(shadow, ended);
    } catch (err) {
      errorCode = err instanceof CodedError ? err.code : 'INTERNAL_SERVER_ERROR';
      this.logger.debug({ err, shadow: shadow.name }, 'a shadow failed');
    } finally {
      this.underWay -= 1;
    }
    this.outcomes.inc({ outcome: errorCode === null ? 'success' : 'error' });
    if (primary === null) return;
    const { name: variant, role, model, version } = shadow;
    this.log.add({
      ...primary,
      id: randomUUID(),
      primaryId: primary.id,
      variant,
      role,
      model,
      version,
      latencyMs: performance.now() - startedAt,
      errorCode,
      createdAt: new Date(),
      features: ended.features,
      payload: deployment.logging.keepPayloads && primary.sampled ? payload : null,
    });
  }

  private async infer(shadow: Variant, { context, inputs, rows }: EndedPrediction): Promise<Payload> {
    const contract = await this.registry.resolveServed(context.actor.workspaceId, shadow);
    const { outputs } = await this.executors.infer({
      digest: hexOfDigest(contract.digest),
      descriptor: backgroundDescriptorOf(contract),
      placement: placementOf(contract),
      tensors: inputs,
      deadlineMs: this.settings.NESTOR_PREDICT_TIMEOUT_MS,
    });
    return { contract, inputs, outputs, rows };
  }
}
