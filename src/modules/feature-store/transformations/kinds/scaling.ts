import { z } from 'zod';
import { inputColumn, numericTypes, outputColumn } from '../fields.js';
import { type NumberSummary, percentilesOf, summaryOf } from '../order-statistics.js';
import { asDouble, asNumber, doubleLiteral } from '../sql-values.js';
import { type BoundStep, columnOf, type FitSource, learnedStep, type StepContext } from '../transformation.js';

/** Less the mean, over the standard deviation of the population (ddof 0), as `StandardScaler` of scikit-learn. */
export const standardScaler = z.strictObject({
  kind: z.literal('STANDARD_SCALER'),
  input: inputColumn,
  output: outputColumn,
});

/** From the range of the values to another, as `MinMaxScaler` of scikit-learn: new values may lie outside of it. */
export const minMaxScaler = z.strictObject({
  kind: z.literal('MIN_MAX_SCALER'),
  input: inputColumn,
  range: z
    .tuple([z.number(), z.number()])
    .refine(([from, to]) => from < to, 'the first must be less than the second')
    .default([0, 1]),
  output: outputColumn,
});

/** Less the median, over the range between two percentiles, as `RobustScaler` of scikit-learn. */
export const robustScaler = z.strictObject({
  kind: z.literal('ROBUST_SCALER'),
  input: inputColumn,
  quantileRange: z
    .tuple([z.number().min(0).max(100), z.number().min(0).max(100)])
    .refine(([from, to]) => from < to, 'the first must be less than the second')
    .default([25, 75]),
  output: outputColumn,
});

/** A scaled value is (value − center) / scale. */
const centered = z.strictObject({ center: z.number(), scale: z.number() });

/** A scaled value is value × factor + offset. */
const linear = z.strictObject({ factor: z.number(), offset: z.number() });

export const bindStandardScaler = (step: z.output<typeof standardScaler>, context: StepContext): BoundStep =>
  centeredStep(step, context, async (source) => {
    const summary = await summaryOf(source, context, step.input);
    return { center: summary.mean, scale: isConstant(summary) ? 1 : Math.sqrt(summary.variance) };
  });

export const bindRobustScaler = (step: z.output<typeof robustScaler>, context: StepContext): BoundStep =>
  centeredStep(step, context, async (source) => {
    const [from, to] = step.quantileRange;
    const [low = NaN, center = NaN, high = NaN] = await percentilesOf(source, context, step.input, [from, 50, to]);
    return { center, scale: notZero(high - low) };
  });

function centeredStep(
  step: { readonly input: string; readonly output: string },
  context: StepContext,
  fit: (source: FitSource) => Promise<z.output<typeof centered>>,
): BoundStep {
  columnOf(context, 'input', step.input, numericTypes);
  return learnedStep({
    context,
    inputs: [step.input],
    outputs: [{ name: step.output, type: 'FLOAT64' }],
    state: centered,
    fit,
    plan: ({ center, scale }) => ({
      outputs: [
        {
          name: step.output,
          type: 'FLOAT64',
          sql: `(${asDouble(step.input)} - ${doubleLiteral(center)}) / ${doubleLiteral(scale)}`,
          valueOf: (row) => {
            const value = asNumber(row[step.input]);
            return value === null ? null : (value - center) / scale;
          },
        },
      ],
    }),
  });
}

export function bindMinMaxScaler(step: z.output<typeof minMaxScaler>, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, numericTypes);
  return learnedStep({
    context,
    inputs: [step.input],
    outputs: [{ name: step.output, type: 'FLOAT64' }],
    state: linear,
    fit: async (source) => {
      const { minimum, maximum } = await summaryOf(source, context, step.input);
      const [from, to] = step.range;
      const factor = (to - from) / notZero(maximum - minimum);
      return { factor, offset: from - minimum * factor };
    },
    plan: ({ factor, offset }) => ({
      outputs: [
        {
          name: step.output,
          type: 'FLOAT64',
          sql: `${asDouble(step.input)} * ${doubleLiteral(factor)} + ${doubleLiteral(offset)}`,
          valueOf: (row) => {
            const value = asNumber(row[step.input]);
            return value === null ? null : value * factor + offset;
          },
        },
      ],
    }),
  });
}

/** What scikit-learn takes for no range at all. */
const notZero = (scale: number): number => (scale < 10 * Number.EPSILON ? 1 : scale);

/** Whether the variance is but the error of computing it, as scikit-learn has it (`_is_constant_feature`). */
const isConstant = ({ count, mean, variance }: NumberSummary): boolean =>
  variance <= count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2;
