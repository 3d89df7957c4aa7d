import { CodedError } from '../../../../common/errors/coded-error.js';
import { selectionOf } from '../../serving/feature-selection.rules.js';
import type { HistoricalFeaturesInput, LabelsInput } from './dto/historical-features.inputs.js';
import type { GivenLabels, HistoricalFeaturesOrder } from './historical-features.service.js';

/** @throws {CodedError} INVALID_INPUT where it is not clear which features or which rows are meant. */
export function orderOf(input: HistoricalFeaturesInput): HistoricalFeaturesOrder {
  return {
    selection: selectionOf(input),
    labels: labelsOf(input.labels),
    eventTimeColumn: input.eventTimeColumn,
    hasFullNames: input.fullFeatureNames ?? false,
  };
}

function labelsOf({ rows, artifact, source, sourceVersion }: LabelsInput): GivenLabels {
  const given: GivenLabels[] = [];
  if (rows != null) given.push({ rows });
  if (artifact != null) given.push({ artifact });
  if (source != null) given.push({ source, version: sourceVersion ?? undefined });
  const [only] = given;
  if (only !== undefined && given.length === 1 && (sourceVersion == null || 'source' in only)) return only;
  throw new CodedError(
    'INVALID_INPUT',
    'labels: give one of rows, artifact and source, and sourceVersion only with source.',
  );
}
