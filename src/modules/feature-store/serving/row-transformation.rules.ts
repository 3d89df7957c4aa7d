import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { rowShapeOf } from '../offline/feature-view-rows.rules.js';
import type { FittedTransformation } from '../transformations/fitted-transformation.js';
import type { Row } from '../transformations/transformation.js';
import { TransformationPipeline } from '../transformations/transformation-pipeline.js';
import { present } from '../transformations/row-values.js';
import type { FeatureValue } from '../value-types.js';

/**
 * The transformation of a view with what it learned; null where its features are columns of the rows.
 * @throws {CodedError} CONFLICT where it has not learned yet.
 */
export function learnedTransformation(view: FeatureViewVersion): FittedTransformation | null {
  const { transformation, state, name, version } = view;
  if (transformation === null) return null;
  const pipeline = TransformationPipeline.of(transformation, rowShapeOf(view));
  const known = pipeline.learns ? state : { version: 1, steps: transformation.steps.map(() => null) };
  if (known !== null) return pipeline.fitted(known);
  throw new CodedError(
    'CONFLICT',
    `The transformation of feature view ${name} (version ${version}) has not learned yet. Materialize the view, or get ` +
      'historical features of it, first.',
  );
}

/**
 * What transforms rows of a view one by one, as the engine does with many; null where its features are columns of the rows.
 * @throws {CodedError} CONFLICT where it has not learned yet, or where a step is one for the engine alone.
 */
export function rowTransformation(view: FeatureViewVersion): FittedTransformation | null {
  const fitted = learnedTransformation(view);
  const [engineOnly] = fitted?.engineOnly ?? [];
  if (engineOnly === undefined) return fitted;
  throw new CodedError(
    'CONFLICT',
    `Feature view ${view.name} (version ${view.version}) cannot be computed row by row: only the engine can carry out ` +
      `${engineOnly} of its transformation. Materialize it instead.`,
  );
}

/** A row with the columns that its transformation adds, as the engine answers it: with NaN as a missing value. */
export function transformedRow(fitted: FittedTransformation, row: Row, earlier: readonly Row[] = []): Row {
  const values: Record<string, FeatureValue> = {};
  for (const [name, value] of Object.entries(row)) values[name] = present(value);
  return { ...values, ...fitted.valuesOf(row, earlier) };
}
