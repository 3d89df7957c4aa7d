import { join } from 'node:path';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import { literal, quoted } from '../engine/sql-text.js';
import { failedOnRows } from '../transformations/transformation.js';
import { TransformationPipeline } from '../transformations/transformation-pipeline.js';
import { ROW_NUMBER } from '../transformations/windows.js';
import type { FeaturePlan, PlannedComputation } from './feature-plan.rules.js';
import type { LaidRows } from './feature-view-rows.js';
import { rowShapeOf } from './feature-view-rows.rules.js';
import { historicalFeaturesQuery, writeParquet } from './historical-features.js';
import { assertDistinct, type HistoricalView } from './point-in-time.rules.js';

/** Labels that an engine can read. */
export interface LaidLabels {
  /** SQL of ours that may stand after `FROM`. */
  readonly relation: string;
  readonly columns: readonly string[];
  readonly eventTime: string;
}

/**
 * Writes labels with their features as one file of Parquet, in the order of the labels. The file appears when it is whole.
 * @param rows of the views that the plan joins, by their version ids.
 * @returns how many rows it has.
 * @throws {CodedError} INVALID_INPUT where labels and views do not fit together; TRANSFORMATION_FAILED.
 */
export async function writeTrainingSet(
  { engine, folder }: Workbench,
  labels: LaidLabels,
  plan: FeaturePlan,
  rows: ReadonlyMap<string, LaidRows>,
  path: string,
  control: StatementControl,
): Promise<number> {
  assertDistinct([...labels.columns, ...plan.features.map(({ as }) => as)]);
  try {
    const query = await historicalFeaturesQuery(engine, { labels, views: joinedViews(plan, rows) }, control);
    if (plan.computations.length === 0) {
      return await writeParquet(engine, withFeatures(`(${query}) AS joined`, labels.columns, plan), path, control);
    }
    // Each computation reads the joined rows: they are joined once.
    const joined = join(folder, 'joined.parquet');
    await writeParquet(engine, query, joined, control);
    const computed = `${computedRows(`read_parquet(${literal(joined)})`, plan)} ORDER BY joined.${quoted(ROW_NUMBER)}`;
    return await writeParquet(engine, withFeatures(computed, labels.columns, plan), path, control);
  } catch (error) {
    throw failedOnRows(error);
  }
}

function joinedViews({ joins }: FeaturePlan, rows: ReadonlyMap<string, LaidRows>): HistoricalView[] {
  return joins.map(({ view, features }) => {
    const { relation } = rows.get(view.id) ?? {};
    const { name, eventTime, createdTime, ttlMs } = view;
    if (relation === undefined || eventTime === null) throw new Error(`Version ${view.id} of a view has no rows.`);
    const keys = view.keys.map((key) => ({ label: key.name, view: key.name }));
    return { name, relation, keys, eventTime, createdTime, ttlMs, features };
  });
}

/** The labels' columns and the features, called as they are to be. */
function withFeatures(from: string, labels: readonly string[], { features }: FeaturePlan): string {
  const columns = [
    ...labels.map((name) => `joined.${quoted(name)}`),
    ...features.map(
      ({ as, column, computation }) =>
        `${computation === null ? 'joined' : computedName(computation)}.${quoted(column)} AS ${quoted(as)}`,
    ),
  ];
  return `SELECT ${columns.join(', ')} FROM ${from}`;
}

const computedName = (index: number): string => `computed_${index}`;

/** The joined rows, each beside what on-demand views make of it. */
function computedRows(joined: string, { computations }: FeaturePlan): string {
  const joins = computations.map((computation, index) => {
    const name = computedName(index);
    return `JOIN (${computedColumns(joined, computation)}) AS ${name} ON ${name}.${quoted(ROW_NUMBER)} = joined.${quoted(ROW_NUMBER)}`;
  });
  return `(SELECT *, row_number() OVER () AS ${quoted(ROW_NUMBER)} FROM ${joined}) AS joined ${joins.join(' ')}`;
}

/** The features of an on-demand view, with the number of the row that they are of. */
function computedColumns(joined: string, { view, inputs }: PlannedComputation): string {
  const columns = inputs.map(({ column, from }) => `${quoted(from)} AS ${quoted(column)}`);
  const given = `(SELECT ${columns.join(', ')} FROM ${joined})`;
  const wanted = [ROW_NUMBER, ...view.features.map(({ name }) => name)];
  const pipeline = TransformationPipeline.of(view.transformation ?? { version: 1, steps: [] }, rowShapeOf(view));
  // What works on one row learns nothing.
  const state = view.state ?? { version: 1, steps: (view.transformation?.steps ?? []).map(() => null) };
  return pipeline.fitted(state).sql(given, { columns: wanted });
}
