import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Datatype } from '../../../common/tensor/datatypes.js';
import { tensorFromJson } from '../../../common/tensor/tensor-json.js';
import type { ModelMetadata } from '../../registry/model-metadata.js';
import type { ModelContract } from './model-contract.js';
import { hasRecordAnswers, recordAnswers, sigmoid, softmax } from './prediction.rules.js';

const contract = (metadata: ModelMetadata): ModelContract => ({ signature: { inputs: [], outputs: [] }, metadata });
const output = (name: string, datatype: Datatype, shape: readonly number[], data: readonly unknown[]) =>
  tensorFromJson(name, datatype, shape, data);
const colours = ['red', 'green', 'blue'];

describe('hasRecordAnswers', () => {
  it('holds for labels, for named outputs and for records, and not for a plain model asked with tensors', () => {
    expect(hasRecordAnswers(contract({ outputLabels: colours }), false)).toBe(true);
    expect(hasRecordAnswers(contract({ outputs: { label: 'y' } }), false)).toBe(true);
    expect(hasRecordAnswers(contract({ outputs: { probabilities: 'p' } }), false)).toBe(true);
    expect(hasRecordAnswers(contract({ outputLabels: [], outputs: {} }), false)).toBe(false);
    expect(hasRecordAnswers(contract({}), true)).toBe(true);
  });
});

describe('recordAnswers', () => {
  it('tells the most probable label and every probability, after the activation', () => {
    const model = contract({ outputLabels: colours, postprocessing: { activation: 'SOFTMAX' } });
    const logits = output('logits', 'FP32', [2, 3], [0, Math.fround(Math.log(3)), 0, 5, 5, 5]);
    const [first, second] = recordAnswers(model, [logits], 2, 100);
    expect(first?.label).toBe('green');
    expect(first?.probability).toBeCloseTo(0.6, 6);
    expect(first?.probabilities?.map(({ label }) => label)).toEqual(colours);
    expect(first?.values.logits).toEqual([0, Math.fround(Math.log(3)), 0]);
    expect(second?.label).toBe('red');
    expect(second?.probability).toBeCloseTo(1 / 3, 12);
  });

  it('takes probabilities as they are without an activation, and tells none where the scores are none', () => {
    const model = contract({ outputLabels: colours });
    const [proper] = recordAnswers(model, [output('p', 'FP64', [1, 3], [0.2, 0.3, 0.5])], 1, 100);
    expect(proper).toMatchObject({ label: 'blue', probability: 0.5 });
    const [scores] = recordAnswers(model, [output('p', 'FP64', [1, 3], [-4, 7, 2])], 1, 100);
    expect(scores).toMatchObject({ label: 'green', probability: null, probabilities: null });
  });

  it('reads one score for two classes as the probability of the second', () => {
    const model = contract({ outputLabels: ['no', 'yes'], postprocessing: { activation: 'SIGMOID' } });
    const [first, second] = recordAnswers(model, [output('score', 'FP32', [2, 1], [0, 30])], 2, 100);
    expect(first).toMatchObject({ label: 'no', probability: 0.5, values: { score: 0 } });
    expect(second?.label).toBe('yes');
    expect(second?.probability).toBeCloseTo(1, 9);
  });

  it('reads the label from its output, by name or by index, and its probability from the other', () => {
    const model = contract({ outputLabels: colours, outputs: { label: 'class', probabilities: 'scores' } });
    const scores = output('scores', 'FP64', [1, 3], [0.7, 0.2, 0.1]);
    const [byIndex] = recordAnswers(model, [output('class', 'INT64', [1], [1]), scores], 1, 100);
    expect(byIndex).toMatchObject({ label: 'green', probability: 0.2, values: { class: 1, scores: [0.7, 0.2, 0.1] } });
    const [byName] = recordAnswers(model, [output('class', 'BYTES', [1], ['blue']), scores], 1, 100);
    expect(byName).toMatchObject({ label: 'blue', probability: 0.1 });
    const [unknown] = recordAnswers(model, [output('class', 'INT64', [1], [9]), scores], 1, 100);
    expect(unknown).toMatchObject({ label: '9', probability: null });
  });

  it('names classes by index where the model has no labels', () => {
    const model = contract({ outputs: { probabilities: 'p' } });
    const [answer] = recordAnswers(model, [output('p', 'FP64', [1, 2], [0.25, 0.75])], 1, 100);
    expect(answer).toMatchObject({ label: '1', probability: 0.75 });
  });

  it('tells values nested as their shape, and leaves out what does not go by record or is too large', () => {
    const outputs = [
      output('matrix', 'INT32', [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
      output('scalar', 'FP32', [], [1]),
      output('loss', 'FP32', [1], [1]),
      output('large', 'INT8', [2, 5], Array(10).fill(0)),
    ];
    const [first, second] = recordAnswers(contract({}), outputs, 2, 8);
    expect(first).toMatchObject({ label: null, probability: null, probabilities: null });
    expect(first?.values).toEqual({
      matrix: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(second?.values).toEqual({
      matrix: [
        [5, 6],
        [7, 8],
      ],
    });
  });

  it('picks no scores where two outputs could be them, and no label of NaN', () => {
    const model = contract({ outputLabels: ['a', 'b'] });
    const two = [output('p', 'FP32', [1, 2], [0.1, 0.9]), output('q', 'FP32', [1, 2], [0.9, 0.1])];
    expect(recordAnswers(model, two, 1, 100)[0]?.label).toBeNull();
    const broken = [output('p', 'FP32', [1, 2], ['NaN', 'NaN'])];
    expect(recordAnswers(model, broken, 1, 100)[0]).toMatchObject({ label: null, probabilities: null });
  });
});

describe('activations', () => {
  it('softmax sums to one, keeps the order and does not overflow', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 20 }),
        (scores) => {
          const probabilities = softmax(scores);
          expect(probabilities.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 9);
          const best = scores.indexOf(Math.max(...scores));
          expect(probabilities[best]).toBe(Math.max(...probabilities));
        },
      ),
    );
  });

  it('sigmoid stays within 0 and 1 and turns over at 0', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (score) => {
        expect(sigmoid(score) + sigmoid(-score)).toBeCloseTo(1, 9);
      }),
    );
  });
});
