import type { InferAnswer } from '../protocol/messages.js';
import { Prediction, type PredictionFacts } from './dto/prediction.type.js';
import { Tensor } from './dto/tensor.type.js';
import type { ModelContract } from './model-contract.js';
import { hasRecordAnswers, recordAnswers } from './prediction.rules.js';
import type { TensorEncoding } from './request.rules.js';

export interface Presentation {
  /** Null where the model's hints are no longer to be had: then nothing is told record by record. */
  readonly model: ModelContract | null;
  readonly encoding: TensorEncoding | null;
  readonly withRecords: boolean;
  /** Rows of the input. */
  readonly rows: number;
  /** Most elements of a tensor that are written as JSON. */
  readonly maxJsonElements: number;
}

/** Makes what a client sees of what an executor answered. */
export function presentPrediction(
  facts: Omit<PredictionFacts, 'inferenceMs' | 'queueMs' | 'batchRows'>,
  answer: InferAnswer,
  { model, encoding, withRecords, rows, maxJsonElements }: Presentation,
): Prediction {
  const outputs = answer.outputs.map((tensor) => {
    const count = tensor.shape.reduce((product, dimension) => product * dimension, 1);
    return new Tensor(tensor, encoding === 'BASE64' || count > maxJsonElements);
  });
  const { inferenceMs, queueMs, batchRows } = answer;
  return new Prediction({ ...facts, inferenceMs, queueMs, batchRows }, outputs, () =>
    model !== null && hasRecordAnswers(model, withRecords)
      ? recordAnswers(model, answer.outputs, rows, maxJsonElements)
      : null,
  );
}
