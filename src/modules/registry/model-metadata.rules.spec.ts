import { describe, expect, it } from 'vitest';
import type { ModelMetadata } from './model-metadata.js';
import { assertMetadataFits } from './model-metadata.rules.js';
import type { ModelSignature, TensorSpec } from './tensor-spec.js';

const spec = (name: string, shape: number[], datatype: TensorSpec['datatype'] = 'FP32'): TensorSpec => ({
  name,
  shape,
  datatype,
});

const iris: ModelSignature = {
  inputs: [spec('measurements', [-1, 4])],
  outputs: [spec('label', [-1], 'INT64'), spec('probabilities', [-1, 3])],
};

function problem(metadata: ModelMetadata, signature = iris): string {
  try {
    assertMetadataFits(metadata, signature);
    return 'none';
  } catch (error) {
    expect(error).toMatchObject({ name: 'CodedError', code: 'INVALID_INPUT' });
    return String(error);
  }
}

const only = (output: TensorSpec) => ({ ...iris, outputs: [output] });

const columns = ['a', 'b', 'c', 'd'];
const labels = ['x', 'y', 'z'];
const outputs = { label: 'label', probabilities: 'probabilities' };

describe('assertMetadataFits', () => {
  it.each<[string, ModelMetadata]>([
    ['nothing', {}],
    [
      'all of it',
      { inputColumns: columns, outputLabels: labels, outputs, preprocessing: { scale: [1, 2, 3, 4], offset: 1 } },
    ],
    ['labels where no output is named for the scores, and there are several', { outputLabels: ['x', 'y'] }],
    ['one factor without columns', { preprocessing: { scale: 0.5 } }],
  ])('takes %s', (_, metadata) => {
    expect(problem(metadata)).toBe('none');
  });

  it.each<[string, ModelMetadata, string]>([
    [
      'too few columns',
      { inputColumns: columns.slice(1) },
      'inputColumns: has 3 names for 4 columns; "measurements" has [-1, 4]',
    ],
    ['a repeated column', { inputColumns: ['a', 'a', 'b', 'c'] }, 'inputColumns: "a" comes more than once'],
    [
      'an output that is not there',
      { outputs: { label: 'class' } },
      'outputs.label: the model has no output "class"; it has "label", "probabilities"',
    ],
    ['too many labels', { outputLabels: [...labels, 'w'], outputs }, 'outputLabels: has 4 labels for 3 classes'],
    ['a repeated label', { outputLabels: ['x', 'x', 'y'], outputs }, 'outputLabels: "x" comes more than once'],
    ['factors without columns', { preprocessing: { scale: [1, 2] } }, 'it has 2, there are no inputColumns'],
    ['too few summands', { inputColumns: columns, preprocessing: { offset: [1, 2] } }, 'it has 2, there are 4'],
  ])('refuses %s', (_, metadata, message) => {
    expect(problem(metadata)).toContain(message);
  });

  it('tells everything that is wrong at once', () => {
    const message = problem({ inputColumns: ['a'], outputLabels: ['x', 'x'], outputs: { probabilities: 'none' } });
    expect(message).toMatch(/inputColumns: .*outputs\.probabilities: .*outputLabels: /);
  });

  it('takes columns only for one input that is a table', () => {
    const two = { ...iris, inputs: [spec('left', [-1, 4]), spec('right', [-1, 4])] };
    expect(problem({ inputColumns: columns }, two)).toContain(
      'the model must have one input; it has 2: "left", "right"',
    );
    const image = { ...iris, inputs: [spec('image', [-1, 1, 28, 28])] };
    expect(problem({ inputColumns: columns }, image)).toContain('shape [rows, columns]; "image" has [-1, 1, 28, 28]');
    const wide = { ...iris, inputs: [spec('rows', [-1, -1])] };
    expect(problem({ inputColumns: columns }, wide)).toBe('none');
  });

  it('holds labels against the only output when it holds scores', () => {
    expect(problem({ outputLabels: labels }, only(spec('scores', [-1, 2])))).toContain('3 labels for 2 classes');
    expect(problem({ outputLabels: labels }, only(spec('scores', [-1, -1])))).toBe('none');
    expect(problem({ outputLabels: labels }, only(spec('index', [-1, 1], 'INT64')))).toBe('none');
    const named = { outputLabels: labels, outputs: { label: 'index' } };
    expect(problem(named, only(spec('index', [-1, 1])))).toBe('none');
  });

  it('takes two labels for the probability of the second alone', () => {
    const binary = { ...iris, outputs: [spec('probability', [-1, 1])] };
    expect(problem({ outputLabels: ['no', 'yes'] }, binary)).toBe('none');
    expect(problem({ outputLabels: labels }, binary)).toContain('3 labels for 1 classes');
  });
});
