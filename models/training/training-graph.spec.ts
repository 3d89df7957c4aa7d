import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { labelledData } from './labelled-data.js';
import { convolution, dense, flatten, relu, standardize, type Layer } from './layers.js';
import { initialValues, parametersOf, type Network } from './network.js';
import { SeededRandom } from './random.js';
import { batchFeeds, float32Of, REPRODUCIBLE_SESSION, stepFeeds } from './trainer.js';
import { ADAM, buildTrainingGraph, stateNames, TRAINING_VALUES } from './training-graph.js';

const ROWS = 6;
const CLASSES = 3;

function network(inputShape: readonly number[], layers: readonly Layer[]): Network {
  return { input: 'features', inputShape, classes: CLASSES, layers };
}

const networks: readonly (readonly [string, Network])[] = [
  ['softmax regression', network([4], [dense('only', 4, CLASSES)])],
  [
    'standardization after a layer, and hidden units',
    network(
      [4],
      [
        dense('first', 4, 5),
        standardize([0.1, 0, -0.2, 0.3, 0], [1, 2, 0.5, 1.5, 1]),
        relu(),
        dense('last', 5, CLASSES),
      ],
    ),
  ],
  [
    'a convolution alone, smooth everywhere',
    network(
      [1, 7, 7],
      [
        convolution('edges', { inputChannels: 1, outputChannels: 2, size: 7, kernel: 3, stride: 2, padding: 1 }),
        convolution('wide', { inputChannels: 2, outputChannels: 3, size: 4, kernel: 3, stride: 2, padding: 1 }),
        flatten([3, 2, 2]),
        dense('last', 12, CLASSES),
      ],
    ),
  ],
  [
    'convolutions whose stride leaves an edge over, and not',
    network(
      [2, 8, 8],
      [
        convolution('odd', { inputChannels: 2, outputChannels: 3, size: 8, kernel: 5, stride: 2, padding: 2 }),
        relu(),
        convolution('even', { inputChannels: 3, outputChannels: 4, size: 4, kernel: 3, stride: 1, padding: 1 }),
        flatten([4, 4, 4]),
        dense('last', 64, CLASSES),
      ],
    ),
  ],
];

function randomData(columns: number, seed: number) {
  const random = new SeededRandom(seed);
  return labelledData(
    Array.from({ length: ROWS }, (_, row) => ({ features: random.normalArray(columns, 1), label: row % CLASSES })),
  );
}

/** A session of the training graph with parameters that can be moved. */
async function bench(subject: Network, weightDecay = 0) {
  const session = await InferenceSession.create(buildTrainingGraph(subject, weightDecay), REPRODUCIBLE_SESSION);
  const data = randomData(
    subject.inputShape.reduce((product, size) => product * size, 1),
    5,
  );
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  const start = initialValues(subject, new SeededRandom(3));
  const run = (values: ReadonlyMap<string, Float32Array>, step = 1, learningRate = 0) => {
    const state: Record<string, Tensor> = {};
    for (const { name, shape } of parametersOf(subject)) {
      const value = values.get(name) ?? new Float32Array();
      const { first, second } = stateNames(name);
      state[name] = new Tensor('float32', value, shape);
      state[first] = new Tensor('float32', new Float32Array(value.length), shape);
      state[second] = new Tensor('float32', new Float32Array(value.length), shape);
    }
    return session.run({ ...batchFeeds(subject, data, rows), ...stepFeeds(learningRate, step), ...state });
  };
  return { run, start };
}

describe('the training graph', () => {
  it.each(networks)('has the gradients of finite differences: %s', async (_name, subject) => {
    const { run, start } = await bench(subject);
    const results = await run(start);
    const random = new SeededRandom(11);
    for (const { name } of parametersOf(subject)) {
      const values = start.get(name) ?? new Float32Array();
      const gradient = float32Of(results[stateNames(name).gradient]);
      expect(gradient).toHaveLength(values.length);
      // Along the gradient, where the difference is greatest against the rounding of float32, and along chance.
      const length = Math.hypot(...gradient);
      const unit = gradient.map((part) => part / length);
      const chance = random.normalArray(values.length, 1 / Math.sqrt(values.length));
      for (const direction of [unit, chance]) {
        const lossAt = async (distance: number): Promise<number> => {
          const moved = values.map((value, index) => value + distance * (direction[index] ?? 0));
          const { [TRAINING_VALUES.loss]: loss } = await run(new Map([...start, [name, moved]]));
          return Number(loss?.data[0]);
        };
        // A step over a kink of a ReLU would be measured as an error of the gradient: wider ones were, by 2 %.
        const step = 0.002;
        const measured = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
        const computed = gradient.reduce((sum, part, index) => sum + part * (direction[index] ?? 0), 0);
        expect(Math.abs(measured - computed)).toBeLessThan(0.002 * length);
      }
    }
  });

  it('makes the step of Adam', async () => {
    const subject = networks[0]?.[1] ?? network([], []);
    const { run, start } = await bench(subject);
    const step = 4;
    const learningRate = 0.1;
    const results = await run(start, step, learningRate);
    const { gradient, first, second, next } = stateNames('only.weight');
    const g = float32Of(results[gradient]);
    const before = start.get('only.weight') ?? new Float32Array();
    for (const [index, slope] of g.entries()) {
      const mean = (1 - ADAM.firstDecay) * slope;
      const square = (1 - ADAM.secondDecay) * slope * slope;
      expect(float32Of(results[next(first)])[index]).toBeCloseTo(mean, 6);
      expect(float32Of(results[next(second)])[index]).toBeCloseTo(square, 6);
      const unbiased = mean / (1 - ADAM.firstDecay ** step);
      const spread = Math.sqrt(square / (1 - ADAM.secondDecay ** step));
      const expected = (before[index] ?? 0) - (learningRate * unbiased) / (spread + ADAM.epsilon);
      expect(float32Of(results[next('only.weight')])[index]).toBeCloseTo(expected, 4);
    }
  });

  it('pulls weights, but not biases, towards zero by weight decay', async () => {
    const subject = networks[0]?.[1] ?? network([], []);
    const { run, start } = await bench(subject);
    const decayed = await bench(subject, 0.5);
    const values = new Map([...start, ['only.bias', Float32Array.of(1, -2, 3)]]);
    const [free, pulled] = [await run(values, 1, 0.1), await decayed.run(values, 1, 0.1)];
    for (const { name } of parametersOf(subject)) {
      const strength = name === 'only.weight' ? 0.1 * 0.5 : 0;
      const { next } = stateNames(name);
      for (const [index, value] of (values.get(name) ?? []).entries()) {
        const pull = (float32Of(free[next(name)])[index] ?? 0) - (float32Of(pulled[next(name)])[index] ?? 0);
        expect(pull).toBeCloseTo(strength * value, 5);
      }
    }
  });
});
