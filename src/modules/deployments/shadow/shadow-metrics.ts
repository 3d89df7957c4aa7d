import { makeCounterProvider } from '@willsoto/nestjs-prometheus';

export const SHADOW_RUNS = 'nestor_shadow_runs_total';

export const shadowMetricProviders = [
  makeCounterProvider({
    name: SHADOW_RUNS,
    help: 'Copies of predictions for shadows by outcome: success, error, or dropped because too many were under way.',
    labelNames: ['outcome'],
  }),
];
