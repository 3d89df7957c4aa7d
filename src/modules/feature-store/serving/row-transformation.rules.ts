import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import type { FittedTransformation } from '../transformations/fitted-transformation.js';
import { TransformationPipeline } from '../transformations/transformation-pipeline.js';

/**
 * What transforms rows of a view one by one, as the engine does with many; null where its features are columns of the rows.
 * @throws {CodedError} CONFLICT where it has not learned yet, or where a step is one for the engine alone.
 */
export function rowTransformation(view: FeatureViewVersion): FittedTransformation | null {
  const { transformation, columns, keys, eventTime, state, name, version } = view;
  if (transformation === null) return null;
  const entityKeys = keys.map((key) => key.name);
  const pipeline = TransformationPipeline.of(transformation, { columns, entityKeys, eventTime });
  const known = pipeline.learns ? state : { version: 1, steps: transformation.steps.map(() => null) };
  if (known === null) {
    throw new CodedError(
      'CONFLICT',
      `The transformation of feature view ${name} (version ${version}) has not learned yet. Materialize the view, or get ` +
        'historical features of it, first.',
    );
  }
  const fitted = pipeline.fitted(known);
  const [engineOnly] = fitted.engineOnly;
  if (engineOnly === undefined) return fitted;
  throw new CodedError(
    'CONFLICT',
    `Feature view ${name} (version ${version}) cannot be computed from one row: only the engine can carry out ` +
      `${engineOnly} of its transformation. Materialize it instead.`,
  );
}
