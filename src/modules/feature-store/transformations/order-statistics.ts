import { quoted } from '../engine/sql-text.js';
import { asFinite } from './sql-values.js';
import { cannotLearn, type FitSource, type StepContext } from './transformation.js';

/** What a step that learns from numbers must know of them first. */
export interface NumberSummary {
  readonly count: number;
  readonly mean: number;
  /** Of the whole population (ddof 0). */
  readonly variance: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** @throws {CodedError} TRANSFORMATION_FAILED where there is no number, or an infinite one. */
export async function summaryOf(source: FitSource, context: StepContext, input: string): Promise<NumberSummary> {
  const value = asFinite(input);
  const [row] = await source.rows(
    `SELECT count(${value}) AS "count", count(${quoted(input)}) AS "given", avg(${value}) AS "mean", ` +
      `var_pop(${value}) AS "variance", min(${value}) AS "minimum", max(${value}) AS "maximum" FROM ${source.from}`,
  );
  const numberOf = (name: string): number => Number(row?.[name]);
  if (numberOf('given') !== numberOf('count')) {
    throw cannotLearn(context, `${JSON.stringify(input)} holds infinities, from which nothing can be learned`);
  }
  if (numberOf('count') === 0) {
    throw cannotLearn(context, `${JSON.stringify(input)} holds no value to learn from`);
  }
  return {
    count: numberOf('count'),
    mean: numberOf('mean'),
    variance: numberOf('variance'),
    minimum: numberOf('minimum'),
    maximum: numberOf('maximum'),
  };
}

/**
 * Quantiles by linear interpolation, with the arithmetic of numpy's `percentile` to the last digit: an edge may be a
 * value, and that value must then fall on the same side of it.
 * @param percents from 0 to 100
 * @throws {CodedError} TRANSFORMATION_FAILED where there is no number, or an infinite one.
 */
export async function percentilesOf(
  source: FitSource,
  context: StepContext,
  input: string,
  percents: readonly number[],
): Promise<number[]> {
  const { count } = await summaryOf(source, context, input);
  const places = percents.map((percent) => placeOf(percent, count));
  const wanted = [...new Set(places.flatMap(({ below, above }) => [below, above]))];
  const value = asFinite(input);
  const rows = await source.rows(
    `SELECT "value", "place" FROM (SELECT ${value} AS "value", row_number() OVER (ORDER BY ${value}) - 1 AS "place" ` +
      `FROM ${source.from} WHERE ${value} IS NOT NULL) WHERE "place" IN (${wanted.join(', ')})`,
  );
  const values = new Map(rows.map((row) => [Number(row['place']), Number(row['value'])]));
  return places.map(({ below, above, share }) => between(values.get(below) ?? NaN, values.get(above) ?? NaN, share));
}

function placeOf(percent: number, count: number) {
  const place = (percent / 100) * (count - 1);
  const below = Math.min(Math.floor(place), count - 1);
  return { below, above: Math.min(below + 1, count - 1), share: place - below };
}

function between(low: number, high: number, share: number): number {
  const difference = high - low;
  return share < 0.5 ? low + difference * share : high - difference * (1 - share);
}
