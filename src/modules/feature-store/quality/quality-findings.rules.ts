import type { DataIssueFinding } from '../issues/data-issue.js';
import type { QualityBreach, QualityMeasurement } from './data-quality.js';

/** The breaches of a measurement as issues: each with what it is of, and the numbers that show it. */
export const findingsOf = (measurement: QualityMeasurement): DataIssueFinding[] =>
  measurement.breaches.map((breach) => findingOf(breach, measurement));

function findingOf(
  breach: QualityBreach,
  { snapshotVersion, rows, rowsQuarantined, rules }: QualityMeasurement,
): DataIssueFinding {
  const { dimension, column, rule, score, threshold } = breach;
  const held = rules.find((measured) => measured.rule === rule);
  const of = column ?? rule;
  const aspect = of === null ? dimension : `${dimension} of ${column === null ? 'rule ' : ''}${of}`;
  return {
    aspect,
    message:
      score === null
        ? `The rule ${rule} could not be checked: ${held?.error ?? ''}`
        : `${aspect} is ${rounded(score)}; ${threshold} is expected.`,
    evidence: {
      dimension,
      column,
      rule,
      score,
      threshold,
      snapshotVersion,
      rows,
      rowsQuarantined,
      ...(held !== undefined && { broken: held.broken, error: held.error, referencedVersion: held.referencedVersion }),
    },
  };
}

/** Never up to a threshold that it is below. */
const rounded = (score: number): string => (Math.floor(score * 10_000) / 10_000).toString();
