import type { TransformationDeclaration } from './transformation-declaration.js';

/** Examples that work as they are: one for each kind of data that most begin with. */
export const recipes = {
  /** Rows of `user`, `at` and `duration`: when they came, and how long they stayed of late. */
  userBehaviour: {
    version: 1,
    steps: [
      { kind: 'CALENDAR_PART', input: 'at', part: 'HOUR', output: 'hour' },
      { kind: 'CALENDAR_PART', input: 'at', part: 'DAY_OF_WEEK', output: 'day_of_week' },
      { kind: 'ROLLING', input: 'duration', statistic: 'MEAN', window: { rows: 5 }, output: 'duration_mean_5' },
      {
        kind: 'ROLLING',
        input: 'duration',
        statistic: 'STANDARD_DEVIATION',
        window: { rows: 5 },
        output: 'duration_std_5',
      },
    ],
  },
  /** Rows of `user`, `at` and `amount`: how much it was, and how often the user buys. */
  transactions: {
    version: 1,
    steps: [
      { kind: 'LOG1P', input: 'amount', output: 'amount_log' },
      { kind: 'BINS', input: 'amount', strategy: 'EQUAL_WIDTH', count: 5, output: 'amount_bin' },
      { kind: 'FREQUENCY', inputs: ['user'], normalize: false, output: 'user_frequency' },
    ],
  },
  /** Rows of `sensor`, `at` and `value`: what it measured of late, and where that stands among all. */
  sensors: {
    version: 1,
    steps: [
      { kind: 'ROLLING', input: 'value', statistic: 'MEAN', window: { rows: 10 }, output: 'value_mean_10' },
      {
        kind: 'ROLLING',
        input: 'value',
        statistic: 'STANDARD_DEVIATION',
        window: { rows: 10 },
        output: 'value_std_10',
      },
      { kind: 'ROLLING', input: 'value', statistic: 'MAXIMUM', window: { rows: 10 }, output: 'value_max_10' },
      { kind: 'ROLLING', input: 'value', statistic: 'MINIMUM', window: { rows: 10 }, output: 'value_min_10' },
      { kind: 'STANDARD_SCALER', input: 'value', output: 'value_scaled' },
    ],
  },
} satisfies Record<string, TransformationDeclaration>;
