import { CodedError } from '../../../common/errors/coded-error.js';
import type { ModelMetadata } from '../../registry/model-metadata.js';
import type { BoundTensor } from '../../registry/serving/feature-binding.js';
import type { ModelSignature, TensorSpec } from '../../registry/tensor-spec.js';
import type { TypedColumn } from '../value-types.js';
import { canFill } from './feature-fit.rules.js';

/** What a binding has to know of a model. */
export interface BoundModel {
  readonly signature: ModelSignature;
  readonly metadata: ModelMetadata;
}

/**
 * Which features fill which input of a model.
 *
 * Where nothing is given: the columns of its one input are the features, in the service's order, or by name where the
 * model names its input columns; else each input is the feature of its name.
 * @param features those of the service by the names it gives them, in order.
 * @returns one for each input, in the signature's order.
 * @throws {CodedError} INVALID_INPUT that says which input or feature does not fit, and why.
 */
export function boundTensors(
  { signature: { inputs }, metadata }: BoundModel,
  features: readonly TypedColumn[],
  given: readonly BoundTensor[] | null,
): BoundTensor[] {
  const bound = given === null ? byDefault(inputs, metadata, features) : inOrder(inputs, given);
  const known = new Map(features.map((feature) => [feature.name, feature]));
  for (const [index, input] of inputs.entries()) {
    assertFilled(
      input,
      (bound[index]?.features ?? []).map(
        (name) =>
          known.get(name) ??
          refuse(`inputs.${input.name}: the service has no feature ${name}; it has ${namesOf(features)}.`),
      ),
    );
  }
  return bound;
}

function byDefault(
  inputs: readonly TensorSpec[],
  { inputColumns }: ModelMetadata,
  features: readonly TypedColumn[],
): BoundTensor[] {
  const names = features.map(({ name }) => name);
  const [only] = inputs;
  if (only !== undefined && inputs.length === 1) {
    return [{ tensor: only.name, features: inputColumns === undefined ? names : columns(inputColumns, names) }];
  }
  const unused = names.filter((name) => inputs.every((input) => input.name !== name));
  const unfilled = inputs.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  if (unused.length > 0 || unfilled.length > 0) {
    return refuse(
      `inputs: the model has ${inputs.length}, and by default each is filled by the feature of its name. ` +
        `${listed('Inputs without a feature', unfilled)}${listed('Features without an input', unused)}` +
        'Say by `inputs` which features fill which input.',
    );
  }
  return inputs.map(({ name }) => ({ tensor: name, features: [name] }));
}

/** A model that names its columns is fed by name: an order that differs would go unseen. */
function columns(inputColumns: readonly string[], names: readonly string[]): readonly string[] {
  const missing = inputColumns.filter((column) => !names.includes(column));
  const unused = names.filter((name) => !inputColumns.includes(name));
  if (missing.length === 0 && unused.length === 0) return inputColumns;
  return refuse(
    'inputs: the model names its input columns, and by default each is the feature of its name. ' +
      `${listed('Columns without a feature', missing)}${listed('Features without a column', unused)}` +
      'Say by `inputs` which features fill the columns, in their order.',
  );
}

const listed = (what: string, names: readonly string[]): string =>
  names.length === 0 ? '' : `${what}: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}. `;

function inOrder(inputs: readonly TensorSpec[], given: readonly BoundTensor[]): BoundTensor[] {
  const byName = new Map<string, BoundTensor>();
  for (const bound of given) {
    const { tensor } = bound;
    if (byName.has(tensor)) refuse(`inputs.${tensor}: is given twice; give each input once.`);
    if (inputs.every(({ name }) => name !== tensor)) {
      refuse(`inputs.${tensor}: the model has no such input; it has ${namesOf(inputs)}.`);
    }
    byName.set(tensor, bound);
  }
  return inputs.map(
    ({ name }) => byName.get(name) ?? refuse(`inputs.${name}: is missing; say which features fill it.`),
  );
}

function assertFilled({ name, datatype, shape }: TensorSpec, features: readonly TypedColumn[]): void {
  const [, width] = shape;
  const has = `the input has the shape [${shape.join(', ')}]`;
  if (shape.length !== 1 && shape.length !== 2) {
    refuse(`inputs.${name}: ${has}; features fill inputs of the shape [rows] or [rows, columns].`);
  }
  if (features.length === 0) refuse(`inputs.${name}: name at least one feature.`);
  if (shape.length === 1 && features.length !== 1)
    refuse(`inputs.${name}: ${has}, which one feature fills, not ${features.length}.`);
  if (width !== undefined && width !== -1 && width !== features.length) {
    refuse(`inputs.${name}: ${has}, which ${width} features fill, not ${features.length}.`);
  }
  const unfit = features.find(({ type }) => !canFill(type, datatype));
  if (unfit !== undefined) {
    refuse(
      `inputs.${name}: feature ${unfit.name} is ${unfit.type}, which ${datatype} does not hold. ` +
        'Make a feature of a fitting type by a transformation.',
    );
  }
}

const namesOf = (named: readonly { readonly name: string }[]): string => named.map(({ name }) => name).join(', ');

function refuse(problem: string): never {
  throw new CodedError('INVALID_INPUT', problem);
}
