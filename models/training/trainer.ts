import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { LabelledData } from './labelled-data.js';
import { initialValues, parametersOf, type Network, type ParameterValues } from './network.js';
import { SeededRandom } from './random.js';
import { ADAM, buildTrainingGraph, stateNames, TRAINING_VALUES } from './training-graph.js';

export interface TrainingOptions {
  readonly seed: number;
  readonly epochs: number;
  readonly batchRows: number;
  /** At the first step; it falls to zero along half a cosine. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Called after each epoch with the mean loss of its batches. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

/** One thread: sums are then always taken in the same order, and the same seed gives the same bytes. */
export const REPRODUCIBLE_SESSION: InferenceSession.SessionOptions = { intraOpNumThreads: 1, interOpNumThreads: 1 };

/** Trains a network on shuffled batches and returns its parameters. Rows that do not fill a batch wait for another epoch. */
export async function train(network: Network, data: LabelledData, options: TrainingOptions): Promise<ParameterValues> {
  const random = new SeededRandom(options.seed);
  const session = await InferenceSession.create(buildTrainingGraph(network, options.weightDecay), REPRODUCIBLE_SESSION);
  const parameters = parametersOf(network);
  const state = initialState(network, random);
  const batches = Math.floor(data.rows / options.batchRows);
  const steps = batches * options.epochs;
  const carried = [...state.keys()];
  let step = 0;
  for (let epoch = 1; epoch <= options.epochs; epoch += 1) {
    const order = random.permutation(data.rows);
    let lossSum = 0;
    for (let batch = 0; batch < batches; batch += 1) {
      const rows = order.slice(batch * options.batchRows, (batch + 1) * options.batchRows);
      const rate = options.learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
      step += 1;
      const results = await session.run(
        { ...batchFeeds(network, data, rows), ...stepFeeds(rate, step), ...Object.fromEntries(state) },
        [TRAINING_VALUES.loss, ...carried.map((name) => `${name}.next`)],
      );
      for (const name of carried) {
        const next = results[`${name}.next`];
        if (next !== undefined) state.set(name, next);
      }
      lossSum += Number(results[TRAINING_VALUES.loss]?.data[0]);
    }
    options.onEpoch?.(epoch, lossSum / batches);
  }
  return new Map(parameters.map(({ name }) => [name, float32Of(state.get(name))]));
}

/** Parameters at their start and Adam's two moments at zero, by the names of the graph's inputs. */
function initialState(network: Network, random: SeededRandom): Map<string, Tensor> {
  const values = initialValues(network, random);
  const state = new Map<string, Tensor>();
  for (const { name, shape } of parametersOf(network)) {
    const start = values.get(name) ?? new Float32Array();
    const { first, second } = stateNames(name);
    state.set(name, new Tensor('float32', start, shape));
    state.set(first, new Tensor('float32', new Float32Array(start.length), shape));
    state.set(second, new Tensor('float32', new Float32Array(start.length), shape));
  }
  return state;
}

/** The chosen rows and their classes, as the graph takes them. */
export function batchFeeds(network: Network, data: LabelledData, rows: readonly number[]): Record<string, Tensor> {
  const features = new Float32Array(rows.length * data.columns);
  const labels = new BigInt64Array(rows.length);
  for (const [place, row] of rows.entries()) {
    features.set(data.features.subarray(row * data.columns, (row + 1) * data.columns), place * data.columns);
    labels[place] = BigInt(data.labels[row] ?? 0);
  }
  return {
    [network.input]: new Tensor('float32', features, [rows.length, ...network.inputShape]),
    [TRAINING_VALUES.labels]: new Tensor('int64', labels, [rows.length]),
  };
}

function scalar(value: number): Tensor {
  return new Tensor('float32', Float32Array.of(value), []);
}

/** Adam's scalars for step 1, 2, …: the corrections make up for moments that start at zero. */
export function stepFeeds(learningRate: number, step: number): Record<string, Tensor> {
  return {
    [TRAINING_VALUES.learningRate]: scalar(learningRate),
    [TRAINING_VALUES.firstCorrection]: scalar(1 / (1 - ADAM.firstDecay ** step)),
    [TRAINING_VALUES.secondCorrection]: scalar(1 / (1 - ADAM.secondDecay ** step)),
  };
}

export function float32Of(tensor: Tensor | undefined): Float32Array {
  if (tensor === undefined || !(tensor.data instanceof Float32Array)) throw new TypeError('Expected a tensor of FP32.');
  return tensor.data;
}
