import type { Datatype } from '../../src/common/tensor/datatypes.js';
import {
  node,
  tensor,
  type AttributeValue,
  type ElementValue,
  type OnnxNode,
  type OnnxTensor,
} from './onnx-builder.js';

/** Collects the nodes of a graph under construction and hands out names for the values between them. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];

  /** Adds an operator with one output and returns that output's name, made up unless given. */
  emit(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = `${operator}_${this.nodes.length}`,
  ): string {
    this.nodes.push(node(operator, inputs, [output], { attributes }));
    return output;
  }

  /** Adds a constant and returns its name, made up unless given. */
  constant(
    datatype: Datatype,
    dims: readonly number[],
    values: ArrayLike<ElementValue>,
    name = `constant_${this.initializers.length}`,
  ): string {
    this.initializers.push(tensor(name, datatype, dims, values));
    return name;
  }

  scalar(value: number): string {
    return this.constant('FP32', [], [value]);
  }
}
