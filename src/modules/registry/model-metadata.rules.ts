import { CodedError } from '../../common/errors/coded-error.js';
import type { ModelMetadata } from './model-metadata.js';
import type { ModelSignature, TensorSpec } from './tensor-spec.js';

/**
 * Holds what a person says of a model against what the file says.
 * @throws {CodedError} INVALID_INPUT with everything that does not fit.
 */
export function assertMetadataFits(metadata: ModelMetadata, signature: ModelSignature): void {
  const problems = [
    ...columnProblems(metadata, signature.inputs),
    ...outputProblems(metadata, signature.outputs),
    ...labelProblems(metadata, signature.outputs),
  ];
  if (problems.length > 0) {
    throw new CodedError('INVALID_INPUT', `The metadata does not fit the model: ${problems.join('; ')}.`);
  }
}

function columnProblems({ inputColumns, preprocessing }: ModelMetadata, inputs: readonly TensorSpec[]): string[] {
  const problems: string[] = [];
  for (const factor of ['scale', 'offset'] as const) {
    const given = preprocessing?.[factor];
    if (typeof given === 'object' && given.length !== inputColumns?.length) {
      const wanted = inputColumns === undefined ? 'there are no inputColumns' : `there are ${inputColumns.length}`;
      problems.push(
        `preprocessing.${factor}: takes one number, or one for each of the inputColumns; it has ${given.length}, ${wanted}`,
      );
    }
  }
  if (inputColumns === undefined) return problems;
  const twice = repeated(inputColumns);
  if (twice !== undefined) problems.push(`inputColumns: ${JSON.stringify(twice)} comes more than once`);
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0) {
    return [...problems, `inputColumns: the model must have one input; it has ${inputs.length}: ${namesOf(inputs)}`];
  }
  const width = input.shape.at(-1);
  if (input.shape.length !== 2 || width === undefined) {
    problems.push(`inputColumns: the input must have the shape [rows, columns]; ${describe(input)}`);
  } else if (width !== -1 && width !== inputColumns.length) {
    problems.push(`inputColumns: has ${inputColumns.length} names for ${width} columns; ${describe(input)}`);
  }
  return problems;
}

function outputProblems({ outputs: named }: ModelMetadata, outputs: readonly TensorSpec[]): string[] {
  return (['label', 'probabilities'] as const).flatMap((role) => {
    const name = named?.[role];
    return name === undefined || outputs.some((output) => output.name === name)
      ? []
      : [`outputs.${role}: the model has no output ${JSON.stringify(name)}; it has ${namesOf(outputs)}`];
  });
}

function labelProblems({ outputLabels, outputs: named }: ModelMetadata, outputs: readonly TensorSpec[]): string[] {
  if (outputLabels === undefined) return [];
  const problems: string[] = [];
  const twice = repeated(outputLabels);
  if (twice !== undefined) problems.push(`outputLabels: ${JSON.stringify(twice)} comes more than once`);
  const scores = scoresOutput(named, outputs);
  const classes = scores?.shape.at(-1);
  if (scores !== undefined && classes !== undefined && classes > 0 && !countFits(outputLabels.length, classes)) {
    problems.push(`outputLabels: has ${outputLabels.length} labels for ${classes} classes; ${describe(scores)}`);
  }
  return problems;
}

/** A model of two classes may answer the probability of the second alone. */
const countFits = (labels: number, classes: number) => labels === classes || (labels === 2 && classes === 1);

const floats: ReadonlySet<string> = new Set(['FP16', 'FP32', 'FP64']);

/** The output named for the probabilities; where none is named, the only one there is, if it has a row for each. */
function scoresOutput(named: ModelMetadata['outputs'], outputs: readonly TensorSpec[]): TensorSpec | undefined {
  if (named?.probabilities !== undefined) return outputs.find((output) => output.name === named.probabilities);
  const [only, ...others] = outputs;
  if (only === undefined || others.length > 0 || only.name === named?.label) return undefined;
  return only.shape.length >= 2 && floats.has(only.datatype) ? only : undefined;
}

const repeated = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) !== index);

const namesOf = (specs: readonly TensorSpec[]): string => specs.map(({ name }) => JSON.stringify(name)).join(', ');

const describe = ({ name, shape }: TensorSpec): string => `${JSON.stringify(name)} has [${shape.join(', ')}]`;
