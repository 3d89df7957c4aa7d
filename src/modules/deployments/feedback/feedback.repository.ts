import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PredictionFeedbackEntity } from '../entities/prediction-feedback.entity.js';
import type { Feedback } from './feedback.js';

@Injectable()
export class FeedbackRepository {
  /** @returns what was recorded for the prediction before; null where this is the first. */
  async insert(manager: EntityManager, feedback: Feedback): Promise<Feedback | null> {
    const { predictionId, workspaceId, label, reward, createdBy, createdAt } = feedback;
    const written: unknown[] = await manager.query(
      `INSERT INTO prediction_feedback (prediction_id, workspace_id, label, reward, created_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (prediction_id) DO NOTHING RETURNING prediction_id`,
      [predictionId, workspaceId, label, reward, createdBy, createdAt],
    );
    return written.length > 0 ? null : manager.findOneByOrFail(PredictionFeedbackEntity, { workspaceId, predictionId });
  }
}
