import { z } from 'zod';
import { quoted } from '../../engine/sql-text.js';
import {
  inputColumn,
  numericTypes,
  outputColumn,
  partitionBy,
  rowCount,
  type Statistic,
  statistics,
} from '../fields.js';
import { asFinite, asNumber } from '../sql-values.js';
import {
  type BoundStep,
  columnOf,
  fixedStep,
  invalidTransformation,
  type Reach,
  type Row,
  type StepContext,
} from '../transformation.js';
import { type Partition, partitionOf, windowStart } from '../windows.js';

const MICROSECONDS = 1_000;

/**
 * A statistic over the row and those before it: so many rows, or those of so much time, without the moment at which
 * that time begins. As in pandas, missing values and infinities are passed over, the standard deviation is that of a
 * sample (ddof 1), a window of rows needs as many values as it has rows unless `minimumPeriods` says fewer, a window of
 * time needs one, and `COUNT` asks for rows where the others ask for values. Of rows with one event time, each sees
 * those that came before it.
 */
export const rolling = z.strictObject({
  kind: z.literal('ROLLING'),
  input: inputColumn,
  statistic: z.enum(statistics),
  window: z.union([
    z.strictObject({ rows: rowCount }),
    z.strictObject({
      durationMs: z
        .int()
        .min(1)
        .max(Number.MAX_SAFE_INTEGER / MICROSECONDS),
    }),
  ]),
  minimumPeriods: rowCount.optional(),
  partitionBy,
  output: outputColumn,
});

type Rolling = z.output<typeof rolling>;

export function bindRolling(step: Rolling, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, numericTypes);
  const { window } = step;
  if ('rows' in window && (step.minimumPeriods ?? 1) > window.rows) {
    throw invalidTransformation(`${context.path}.minimumPeriods`, `there are only ${window.rows} rows in the window`);
  }
  const partition = partitionOf(context, step.partitionBy);
  const { frame, helpers } = 'rows' in window ? rowFrame(window.rows) : timeFrame(window.durationMs, partition);
  const over = `OVER (${partition.ordered} ${frame})`;
  const value = asFinite(step.input);
  const isCount = step.statistic === 'COUNT';
  const minimum = step.minimumPeriods ?? ('rows' in window ? window.rows : 1);
  const reach: Reach = 'rows' in window ? { rows: window.rows - 1 } : window;
  const periods = `count(${isCount ? '*' : value}) ${over}`;
  return fixedStep([step.input, ...partition.inputs], {
    helpers,
    outputs: [
      {
        name: step.output,
        type: isCount ? 'INT64' : 'FLOAT64',
        sql: `CASE WHEN ${periods} >= ${minimum} THEN ${aggregates[step.statistic]}(${value}) ${over} END`,
        valueOf: partition.isEntity
          ? (row, earlier) => {
              const within = [...earlier.slice(windowStart(earlier, row, reach, partition.eventTime)), row];
              const values = within.map((each) => numberIn(each, step.input)).filter((each) => each !== null);
              return (isCount ? within : values).length < minimum ? null : computed[step.statistic](values);
            }
          : null,
        reach,
      },
    ],
  });
}

function numberIn(row: Row, input: string): number | null {
  const value = asNumber(row[input]);
  return value !== null && Number.isFinite(value) ? value : null;
}

const rowFrame = (rows: number) => ({ frame: `ROWS BETWEEN ${rows - 1} PRECEDING AND CURRENT ROW`, helpers: [] });

/** A range of time would take in later rows of the same moment: so count how many rows back the window begins. */
function timeFrame(durationMs: number, { columns, eventTime, by, ordered }: Partition) {
  const name = `__rows back ${durationMs} ${JSON.stringify(columns)}`;
  const before = `RANGE BETWEEN UNBOUNDED PRECEDING AND to_microseconds(${durationMs * MICROSECONDS}) PRECEDING`;
  return {
    frame: `ROWS BETWEEN ${quoted(name)} PRECEDING AND CURRENT ROW`,
    helpers: [
      {
        name,
        sql: `row_number() OVER (${ordered}) - 1 - count(*) OVER (${by} ORDER BY ${quoted(eventTime)} ${before})`,
      },
    ],
  };
}

export const aggregates: Readonly<Record<Statistic, string>> = {
  MEAN: 'avg',
  STANDARD_DEVIATION: 'stddev_samp',
  MINIMUM: 'min',
  MAXIMUM: 'max',
  SUM: 'sum',
  COUNT: 'count',
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const mean = (values: readonly number[]): number => sum(values) / values.length;

/** The same in TypeScript, of at least one value. */
const computed: Readonly<Record<Statistic, (values: readonly number[]) => number | null>> = {
  MEAN: mean,
  STANDARD_DEVIATION: (values) => {
    if (values.length < 2) return null;
    const center = mean(values);
    return Math.sqrt(sum(values.map((value) => (value - center) ** 2)) / (values.length - 1));
  },
  MINIMUM: (values) => values.reduce((least, value) => Math.min(least, value)),
  MAXIMUM: (values) => values.reduce((greatest, value) => Math.max(greatest, value)),
  SUM: sum,
  COUNT: (values) => values.length,
};
