import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import type { LoggedPrediction } from '../log/logged-prediction.js';
import { PredictionLogRepository } from '../log/prediction-log.repository.js';
import type { Feedback, FeedbackContent } from './feedback.js';
import { FeedbackRepository } from './feedback.repository.js';
import { assertContent, assertFits, assertSame } from './feedback.rules.js';

/** Waits before a prediction that is not in the log yet is looked for again, in milliseconds. */
const LOOK_AGAIN_MS = [50, 150, 300];

@Injectable()
export class FeedbackService {
  constructor(
    private readonly log: PredictionLogRepository,
    private readonly feedback: FeedbackRepository,
    private readonly auditTrail: AuditTrail,
  ) {}

  /**
   * Records what became of a prediction, once. The same again changes nothing.
   * @throws {CodedError} NOT_FOUND, INVALID_INPUT; CONFLICT where something else was recorded before.
   */
  async record(context: ActorContext, predictionId: string, content: FeedbackContent): Promise<Feedback> {
    const { workspaceId, id: createdBy } = context.actor;
    assertContent(content);
    const prediction = await this.require(workspaceId, predictionId);
    assertFits(content, prediction);
    const given: Feedback = { ...content, predictionId, workspaceId, createdBy, createdAt: new Date() };
    return this.auditTrail.transaction(context, async (transaction) => {
      const known = await this.feedback.insert(transaction.manager, given);
      if (known !== null) assertSame(content, known);
      transaction.audit({
        action: 'feedback.record',
        resourceType: 'prediction',
        resourceId: predictionId,
        detail: { deployment: prediction.deployment, variant: prediction.variant, isRepeated: known !== null },
      });
      return known ?? given;
    });
  }

  /** The log is written beside the way of predictions, so who answers at once may come before it. */
  private async require(workspaceId: string, predictionId: string): Promise<LoggedPrediction> {
    for (const waitMs of [...LOOK_AGAIN_MS, null]) {
      const prediction = await this.log.find(workspaceId, predictionId);
      if (prediction !== null) return prediction;
      if (waitMs !== null) await sleep(waitMs);
    }
    const shown = JSON.stringify(predictionId.slice(0, 64));
    throw new CodedError('NOT_FOUND', `There is no logged prediction ${shown} in this workspace.`);
  }
}
