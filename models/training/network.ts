import type { GraphWriter } from './graph-writer.js';
import type { Layer, Parameter } from './layers.js';
import { SeededRandom } from './random.js';

/** Values of parameters by name, row-major. */
export type ParameterValues = ReadonlyMap<string, Float32Array>;

/** A classifier: layers one after the other, from the features of a row to one logit per class. */
export interface Network {
  /** Name of the input in the graph. */
  readonly input: string;
  /** Shape of one row of the input, without the batch. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly layers: readonly Layer[];
}

export function parametersOf(network: Network): Parameter[] {
  return network.layers.flatMap((layer) => layer.parameters);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function initialValues(network: Network, random: SeededRandom): Map<string, Float32Array> {
  return new Map(
    parametersOf(network).map(({ name, shape, initialDeviation }) => [
      name,
      random.normalArray(elementCount(shape), initialDeviation),
    ]),
  );
}

/** Writes all layers and returns the name of every value on the way: the input first, the logits last. */
export function writeForward(writer: GraphWriter, network: Network): string[] {
  const values = [network.input];
  for (const layer of network.layers) values.push(layer.forward(writer, values.at(-1) ?? network.input));
  return values;
}
