import { CodedError } from '../../../common/errors/coded-error.js';
import { type JsonElement, tensorFromJson } from '../../../common/tensor/tensor-json.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { ModelMetadata } from '../../registry/model-metadata.js';
import { preprocessed } from '../../registry/preprocessing.rules.js';
import type { BoundTensor } from '../../registry/serving/feature-binding.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';
import type { FeatureValue } from '../value-types.js';
import type { BoundModel } from './feature-binding.rules.js';
import { elementOf, rangeOf } from './feature-fit.rules.js';
import type { CompleteValues } from './missing-features.rules.js';

/**
 * The inputs of a model, a row for each entity. Numbers are scaled as those of the model's records are.
 * @param values by name of the feature, one for each entity.
 * @param count of entities.
 * @throws {CodedError} INVALID_TENSOR naming the entity and the feature whose value the input cannot hold; INVALID_INPUT
 * where the model takes another number of rows.
 */
export function featureTensors(
  { signature, metadata }: BoundModel,
  tensors: readonly BoundTensor[],
  values: ReadonlyMap<string, CompleteValues>,
  count: number,
): Tensor[] {
  return signature.inputs.map((input) => {
    assertRows(input, count);
    const names = tensors.find(({ tensor }) => tensor === input.name)?.features ?? [];
    const columns = names.map((name, at) => elementsOf(input, name, at, values.get(name) ?? [], metadata));
    const elements: (JsonElement | undefined)[] = [];
    for (let row = 0; row < count; row += 1) for (const column of columns) elements.push(column[row]);
    const shape = input.shape.length === 1 ? [count] : [count, names.length];
    return tensorFromJson(input.name, input.datatype, shape, elements);
  });
}

function elementsOf(
  input: TensorSpec,
  name: string,
  column: number,
  values: CompleteValues,
  { preprocessing }: ModelMetadata,
): JsonElement[] {
  return values.map((value, row) => {
    const scaled = typeof value === 'number' ? preprocessed(value, column, preprocessing) : value;
    return elementOf(scaled, input.datatype) ?? refuse(input, name, row, value);
  });
}

function assertRows({ shape: [rows = -1] }: TensorSpec, count: number): void {
  if (rows !== -1 && rows !== count) {
    throw new CodedError('INVALID_INPUT', `entities: has ${count}; the model takes exactly ${rows} at a time.`);
  }
}

function refuse({ name, datatype }: TensorSpec, feature: string, row: number, value: FeatureValue): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
  throw new CodedError(
    'INVALID_TENSOR',
    `entities[${row}]: feature ${feature} is ${shown}; input ${name} takes ${rangeOf(datatype)}.`,
  );
}
