import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { LabelledData } from './labelled-data.js';
import { float32Of, REPRODUCIBLE_SESSION } from './trainer.js';

export interface Evaluation {
  readonly rows: number;
  readonly correct: number;
  /** Share of the rows whose most probable class is the right one. */
  readonly accuracy: number;
  /** `confusion[actual][predicted]`: numbers of rows. */
  readonly confusion: readonly (readonly number[])[];
}

/** Runs a classifier file on all rows at once and compares its most probable classes with the labels. */
export async function evaluateClassifier(file: Uint8Array, data: LabelledData): Promise<Evaluation> {
  const session = await InferenceSession.create(file, REPRODUCIBLE_SESSION);
  const [input] = session.inputMetadata;
  if (!input?.isTensor) throw new TypeError('A classifier takes one tensor.');
  const shape = [data.rows, ...input.shape.slice(1).map(Number)];
  const results = await session.run({ [input.name]: new Tensor('float32', data.features, shape) });
  const probabilities = float32Of(results['probabilities']);
  const classes = probabilities.length / data.rows;
  const confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  let correct = 0;
  for (const [row, label] of data.labels.entries()) {
    const predicted = indexOfGreatest(probabilities.subarray(row * classes, (row + 1) * classes));
    if (predicted === label) correct += 1;
    const counts = confusion[label] ?? [];
    counts[predicted] = (counts[predicted] ?? 0) + 1;
  }
  return { rows: data.rows, correct, accuracy: correct / data.rows, confusion };
}

function indexOfGreatest(values: Float32Array): number {
  let best = 0;
  for (const [index, value] of values.entries()) {
    if (value > (values[best] ?? Number.NEGATIVE_INFINITY)) best = index;
  }
  return best;
}
