import { CodedError } from '../../../common/errors/coded-error.js';
import type { LoggedPrediction } from '../log/logged-prediction.js';
import type { Feedback, FeedbackContent } from './feedback.js';

/** @throws {CodedError} INVALID_INPUT unless there is exactly one of label and reward, and a reward is a number. */
export function assertContent({ label, reward }: FeedbackContent): void {
  if ((label === null) === (reward === null)) {
    throw new CodedError('INVALID_INPUT', 'label, reward: give exactly one of them.');
  }
  if (reward !== null && !Number.isFinite(reward)) throw new CodedError('INVALID_INPUT', 'reward: give a number.');
}

/** @throws {CodedError} INVALID_INPUT where the feedback can say nothing of this prediction. */
export function assertFits({ label }: FeedbackContent, prediction: LoggedPrediction): void {
  if (prediction.primaryId !== null) {
    throw new CodedError(
      'INVALID_INPUT',
      `predictionId: that is a shadow's, which answered nobody; the answer was ${prediction.primaryId}.`,
    );
  }
  if (label !== null && prediction.label === null) {
    throw new CodedError(
      'INVALID_INPUT',
      'label: there is no predicted class to compare it with. It is kept for predictions of one record by a model with ' +
        'classes, in deployments that keep payloads. Give a reward instead.',
    );
  }
}

/** @throws {CodedError} CONFLICT where something else was said of the prediction before. */
export function assertSame(given: FeedbackContent, known: Feedback): void {
  if (given.label === known.label && given.reward === known.reward) return;
  throw new CodedError('CONFLICT', 'Other feedback was recorded for this prediction before; it cannot be changed.');
}
