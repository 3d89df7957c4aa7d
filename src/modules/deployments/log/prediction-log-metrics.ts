import { makeCounterProvider } from '@willsoto/nestjs-prometheus';

export const LOGGED_PREDICTIONS = 'nestor_prediction_log_total';

export const predictionLogMetricProviders = [
  makeCounterProvider({
    name: LOGGED_PREDICTIONS,
    help: 'Predictions for the prediction log by outcome: written, or dropped because the database could not take them.',
    labelNames: ['outcome'],
  }),
];
