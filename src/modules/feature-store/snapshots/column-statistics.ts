import { partsOf } from '../../../common/collections/parts-of.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import type { DataColumn } from '../sources/data-source.js';

/** What is known of the values of a column. */
export interface ColumnStatistics {
  readonly column: string;
  readonly nulls: number;
  /** About how many different values there are (HyperLogLog); null for what must not be shown. */
  readonly distinct: number | null;
  /** Least and greatest value, as text; null for what has none or must not be shown. */
  readonly minimum: string | null;
  readonly maximum: string | null;
  /** Of numbers. The deviation is that of a sample (n − 1). */
  readonly mean: number | null;
  readonly standardDeviation: number | null;
}

/** Columns that are asked for at once: the time and memory that the engine plans with grow with the square of the aggregates. */
const COLUMNS_TOGETHER = 50;

/** Longest value that is kept, in characters. */
const SHOWN_CHARACTERS = 100;

/** @param relation a table or query with these columns, as SQL. */
export async function statisticsOf(
  engine: DataEngine,
  relation: string,
  columns: readonly DataColumn[],
  control: StatementControl,
): Promise<ColumnStatistics[]> {
  const statistics: ColumnStatistics[] = [];
  for (const part of partsOf(columns, COLUMNS_TOGETHER)) {
    statistics.push(...(await statisticsTogether(engine, relation, part, control)));
  }
  return statistics;
}

async function statisticsTogether(
  engine: DataEngine,
  relation: string,
  columns: readonly DataColumn[],
  control: StatementControl,
): Promise<ColumnStatistics[]> {
  const aggregates = columns.flatMap((column, at) =>
    aggregatesOf(column).map((sql, index) => `${sql} AS "${at}_${index}"`),
  );
  const [row = {}] = await engine.rows(`SELECT ${aggregates.join(', ')} FROM ${relation}`, [], control);
  return columns.map(({ name }, at) => {
    const value = (index: number) => row[`${at}_${index}`] ?? null;
    const text = (index: number) => (value(index) === null ? null : String(value(index)).replaceAll('\0', '\uFFFD'));
    const number = (index: number) => (Number.isFinite(value(index)) ? Number(value(index)) : null);
    return {
      column: name,
      nulls: Number(value(0)),
      distinct: number(1),
      minimum: text(2),
      maximum: text(3),
      mean: number(4),
      standardDeviation: number(5),
    };
  });
}

/** Nulls, distinct values, minimum, maximum, mean and standard deviation, as SQL. */
function aggregatesOf({ name, type, isSensitive }: DataColumn): string[] {
  const value = quoted(name);
  const nulls = `count(*) - count(${value})`;
  if (isSensitive) return [nulls];
  const extreme = (which: 'min' | 'max') => `left(CAST(${which}(${value}) AS VARCHAR), ${SHOWN_CHARACTERS})`;
  const common = [
    nulls,
    `approx_count_distinct(${value})`,
    ...(type === 'JSON' ? ['NULL', 'NULL'] : [extreme('min'), extreme('max')]),
  ];
  if (type !== 'INT64' && type !== 'FLOAT64') return common;
  // One value that is not finite would hide all others.
  const finite = type === 'FLOAT64' ? `FILTER (isfinite(${value}))` : '';
  return [...common, `avg(${value}) ${finite}`, `stddev_samp(CAST(${value} AS DOUBLE)) ${finite}`];
}
