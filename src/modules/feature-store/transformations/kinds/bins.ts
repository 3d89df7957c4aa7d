import { z } from 'zod';
import { inputColumn, numericTypes, outputColumn } from '../fields.js';
import { percentilesOf, type NumberSummary, summaryOf } from '../order-statistics.js';
import { asDouble, asNumber, doubleLiteral } from '../sql-values.js';
import { type BoundStep, columnOf, learnedStep, type StepContext } from '../transformation.js';

/** By how much `cut` of pandas lowers the first edge, as a share of the range, so that the minimum falls in. */
const CUT_MARGIN = 0.001;

/**
 * The number of the bin, from 0, that a value falls into: bins of equal width as `cut` of pandas makes them, or of
 * equally many values as `qcut` does, where equal edges become one. Each bin takes in its upper edge. What lies outside
 * of the edges that were learned has no bin.
 */
export const bins = z.strictObject({
  kind: z.literal('BINS'),
  input: inputColumn,
  strategy: z.enum(['EQUAL_WIDTH', 'QUANTILE']),
  count: z.int().min(1).max(1_000),
  output: outputColumn,
});

export function bindBins(step: z.output<typeof bins>, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, numericTypes);
  const takesLowest = step.strategy === 'QUANTILE';
  return learnedStep({
    context,
    inputs: [step.input],
    outputs: [{ name: step.output, type: 'INT64' }],
    state: z.strictObject({ edges: z.array(z.number()).min(1) }),
    fit: async (source) => {
      if (!takesLowest) return { edges: equalWidthEdges(await summaryOf(source, context, step.input), step.count) };
      const percents = evenly(0, 1, step.count).map((share) => share * 100);
      return { edges: [...new Set(await percentilesOf(source, context, step.input, percents))] };
    },
    plan: ({ edges }) => ({
      outputs: [
        {
          name: step.output,
          type: 'INT64',
          sql: sqlOf(asDouble(step.input), edges, takesLowest),
          valueOf: (row) => binOf(asNumber(row[step.input]), edges, takesLowest),
        },
      ],
    }),
  });
}

export function equalWidthEdges({ minimum, maximum }: Pick<NumberSummary, 'minimum' | 'maximum'>, count: number) {
  if (minimum === maximum) {
    const margin = minimum === 0 ? CUT_MARGIN : CUT_MARGIN * Math.abs(minimum);
    return evenly(minimum - margin, maximum + margin, count);
  }
  const [lowest = minimum, ...edges] = evenly(minimum, maximum, count);
  return [lowest - (maximum - minimum) * CUT_MARGIN, ...edges];
}

/** `linspace` of numpy, to the last digit. */
function evenly(from: number, to: number, count: number): number[] {
  const width = (to - from) / count;
  return Array.from({ length: count + 1 }, (_, index) => (index === count ? to : index * width + from));
}

export function binOf(value: number | null, edges: readonly number[], takesLowest: boolean): number | null {
  const [lowest = NaN] = edges;
  if (value === null) return null;
  if (takesLowest && value === lowest) return 0;
  if (!(value > lowest)) return null;
  const above = edges.findIndex((edge) => value <= edge);
  return above === -1 ? null : above - 1;
}

function sqlOf(value: string, edges: readonly number[], takesLowest: boolean): string {
  const [lowest = NaN, ...upper] = edges;
  const cases = upper.map((edge, bin) => `WHEN ${value} <= ${doubleLiteral(edge)} THEN ${bin}`);
  const outside = `WHEN ${value} ${takesLowest ? '<' : '<='} ${doubleLiteral(lowest)} THEN NULL`;
  const onLowest = takesLowest ? `WHEN ${value} = ${doubleLiteral(lowest)} THEN 0` : '';
  return `CAST(CASE ${outside} ${onLowest} ${cases.join(' ')} END AS BIGINT)`;
}
