import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { learnedTransformation } from '../serving/row-transformation.rules.js';
import type { FittedTransformation } from '../transformations/fitted-transformation.js';

/** A view whose newest rows are told by rows before them, which can be told row by row. */
export interface HistoricView {
  readonly view: FeatureViewVersion;
  readonly fitted: FittedTransformation;
}

/**
 * Null for a view whose rows tell for themselves, and for one that rows cannot be pushed to.
 * @throws {CodedError} CONFLICT where its transformation has not learned yet.
 */
export function historicView(view: FeatureViewVersion): HistoricView | null {
  if (view.source.kind !== 'DATA_SOURCE') return null;
  const fitted = learnedTransformation(view);
  return fitted?.needsHistory === true && fitted.engineOnly.length === 0 ? { view, fitted } : null;
}
