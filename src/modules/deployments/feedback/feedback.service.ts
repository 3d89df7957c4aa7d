import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { PredictionLogRepository } from '../log/prediction-log.repository.js';
import type { Feedback, FeedbackContent } from './feedback.js';
import { FeedbackRepository } from './feedback.repository.js';
import { assertContent, assertFits, assertSame } from './feedback.rules.js';

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
    const prediction = await this.log.find(workspaceId, predictionId);
    if (prediction === null) {
      const message = `There is no logged prediction ${JSON.stringify(predictionId.slice(0, 64))} in this workspace.`;
      throw new CodedError('NOT_FOUND', `${message} It may be on its way into the log for a moment.`);
    }
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
}
