import type { Settings } from '../../../common/config/settings.js';
import type { PredictionLimits } from './request.rules.js';

export function predictionLimits(settings: Settings): PredictionLimits {
  return {
    maxJsonElements: settings.NESTOR_JSON_TENSOR_MAX_ELEMENTS,
    defaultTimeoutMs: settings.NESTOR_PREDICT_TIMEOUT_MS,
    maxTimeoutMs: settings.NESTOR_PREDICT_MAX_TIMEOUT_MS,
  };
}
