import { elementsOf, type JsonElement } from '../../../common/tensor/tensor-json.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { Activation } from '../../registry/model-metadata.js';
import type { ModelContract } from './model-contract.js';

export interface ClassScore {
  readonly label: string;
  readonly probability: number;
}

/** What the model says of one record. */
export interface RecordAnswer {
  readonly label: string | null;
  readonly probability: number | null;
  readonly probabilities: readonly ClassScore[] | null;
  /** One entry for each output: its value for this record, raw; a single element stands alone, more are lists. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** An output whose first dimension is the records. */
interface RowOutput {
  readonly tensor: Tensor;
  readonly elements: readonly JsonElement[];
  /** Elements of one record. */
  readonly width: number;
}

/** Whether the answer is told record by record: the model has labels or named outputs, or was asked with records. */
export function hasRecordAnswers({ metadata }: ModelContract, askedWithRecords: boolean): boolean {
  const { outputs, outputLabels } = metadata;
  const hasNamedOutputs = Boolean(outputs?.label) || Boolean(outputs?.probabilities);
  return askedWithRecords || hasNamedOutputs || (outputLabels?.length ?? 0) > 0;
}

/**
 * Tells output tensors record by record. Outputs that do not go by record, or have more than `maxElements` elements,
 * are left out.
 * @param rows number of records.
 */
export function recordAnswers(
  model: ModelContract,
  outputs: readonly Tensor[],
  rows: number,
  maxElements: number,
): RecordAnswer[] {
  const byName = new Map<string, RowOutput>();
  for (const tensor of outputs) {
    const count = tensor.shape.reduce((product, dimension) => product * dimension, 1);
    if (tensor.shape.length === 0 || tensor.shape[0] !== rows || count > maxElements) continue;
    byName.set(tensor.name, { tensor, elements: elementsOf(tensor), width: count / Math.max(1, rows) });
  }
  const { metadata } = model;
  const labels = metadata.outputLabels ?? [];
  const activation = metadata.postprocessing?.activation ?? 'NONE';
  const labelOutput = byName.get(metadata.outputs?.label ?? '');
  const scoreOutput = metadata.outputs?.probabilities
    ? byName.get(metadata.outputs.probabilities)
    : findScores([...byName.values()], labels.length);
  return Array.from({ length: rows }, (_, row) => {
    const scores = scoreOutput === undefined ? undefined : scoresOf(scoreOutput, row, labels.length, activation);
    const best = scores === undefined ? undefined : indexOfLargest(scores);
    const label = labelOutput === undefined ? nameOf(best, labels) : labelOf(labelOutput.elements[row], labels);
    const isDistribution = scores !== undefined && scores.every((score) => score >= 0 && score <= 1);
    const probabilities = isDistribution
      ? scores.map((probability, index) => ({ label: labels[index] ?? String(index), probability }))
      : null;
    return {
      label,
      probability: probabilities?.find((score) => score.label === label)?.probability ?? null,
      probabilities,
      values: Object.fromEntries([...byName].map(([name, output]) => [name, valueOf(output, row)])),
    };
  });
}

const floats: ReadonlySet<string> = new Set(['FP16', 'FP32', 'FP64']);

/** Without a named output the scores are the one float output with a value for each label. */
function findScores(outputs: readonly RowOutput[], labelCount: number): RowOutput | undefined {
  if (labelCount === 0) return undefined;
  const candidates = outputs.filter(
    ({ tensor, width }) => floats.has(tensor.datatype) && (width === labelCount || (width === 1 && labelCount === 2)),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

function scoresOf(output: RowOutput, row: number, labelCount: number, activation: Activation): number[] {
  const raw = output.elements.slice(row * output.width, (row + 1) * output.width).map(Number);
  const scores = activation === 'SOFTMAX' ? softmax(raw) : activation === 'SIGMOID' ? raw.map(sigmoid) : raw;
  // One score for two classes is the probability of the second.
  const [only] = scores;
  return scores.length === 1 && labelCount === 2 && only !== undefined ? [1 - only, only] : scores;
}

/** Less the largest first, so that e^x does not overflow. */
export function softmax(scores: readonly number[]): number[] {
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const powers = scores.map((score) => (score === largest ? 1 : Math.exp(score - largest)));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

function indexOfLargest(scores: readonly number[]): number | undefined {
  let best: number | undefined;
  for (const [index, score] of scores.entries()) {
    if (!Number.isNaN(score) && score > (best === undefined ? -Infinity : (scores[best] ?? -Infinity))) best = index;
  }
  return best;
}

function nameOf(index: number | undefined, labels: readonly string[]): string | null {
  return index === undefined ? null : (labels[index] ?? String(index));
}

/** A label output holds either the name of the class or its index. */
function labelOf(element: JsonElement | undefined, labels: readonly string[]): string | null {
  if (element === undefined) return null;
  const index = Number(element);
  return typeof element !== 'string' && Number.isInteger(index) ? (labels[index] ?? String(element)) : String(element);
}

function valueOf({ tensor, elements, width }: RowOutput, row: number): unknown {
  const values = elements.slice(row * width, (row + 1) * width);
  return width === 1 ? values[0] : nest(values, tensor.shape.slice(1));
}

function nest(values: readonly JsonElement[], shape: readonly number[]): readonly unknown[] {
  const [length = 0, ...inner] = shape;
  if (inner.length === 0) return values;
  const size = values.length / Math.max(1, length);
  return Array.from({ length }, (_, index) => nest(values.slice(index * size, (index + 1) * size), inner));
}
