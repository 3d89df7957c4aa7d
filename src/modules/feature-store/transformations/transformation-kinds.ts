import { z } from 'zod';
import { bindBins, bins } from './kinds/bins.js';
import { bindCalendarPart, calendarPart } from './kinds/calendar-part.js';
import { bindFillMissing, fillMissing } from './kinds/fill-missing.js';
import { bindFrequency, frequency } from './kinds/frequency.js';
import { bindGroupStatistic, groupStatistic } from './kinds/group-statistic.js';
import { bindHashing, hashing } from './kinds/hashing.js';
import { bindDifference, bindLag, difference, lag } from './kinds/lag.js';
import { bindLog1p, log1p } from './kinds/log1p.js';
import { bindOneHot, oneHot } from './kinds/one-hot.js';
import { bindRolling, rolling } from './kinds/rolling.js';
import {
  bindMinMaxScaler,
  bindRobustScaler,
  bindStandardScaler,
  minMaxScaler,
  robustScaler,
  standardScaler,
} from './kinds/scaling.js';
import { bindSqlExpression, sqlExpression } from './kinds/sql-expression.js';
import type { BoundStep, StepContext } from './transformation.js';

/** One declared step: what it is, what it reads, and the column that it adds. */
export const transformationStep = z.discriminatedUnion('kind', [
  calendarPart,
  rolling,
  lag,
  difference,
  log1p,
  bins,
  frequency,
  groupStatistic,
  standardScaler,
  minMaxScaler,
  robustScaler,
  oneHot,
  hashing,
  fillMissing,
  sqlExpression,
]);

export type TransformationStep = z.output<typeof transformationStep>;

/** @throws {CodedError} INVALID_TRANSFORMATION where the step does not fit the columns. */
export function bindStep(step: TransformationStep, context: StepContext): BoundStep {
  switch (step.kind) {
    case 'CALENDAR_PART':
      return bindCalendarPart(step, context);
    case 'ROLLING':
      return bindRolling(step, context);
    case 'LAG':
      return bindLag(step, context);
    case 'DIFFERENCE':
      return bindDifference(step, context);
    case 'LOG1P':
      return bindLog1p(step, context);
    case 'BINS':
      return bindBins(step, context);
    case 'FREQUENCY':
      return bindFrequency(step, context);
    case 'GROUP_STATISTIC':
      return bindGroupStatistic(step, context);
    case 'STANDARD_SCALER':
      return bindStandardScaler(step, context);
    case 'MIN_MAX_SCALER':
      return bindMinMaxScaler(step, context);
    case 'ROBUST_SCALER':
      return bindRobustScaler(step, context);
    case 'ONE_HOT':
      return bindOneHot(step, context);
    case 'HASHING':
      return bindHashing(step, context);
    case 'FILL_MISSING':
      return bindFillMissing(step, context);
    default:
      return bindSqlExpression(step, context);
  }
}
