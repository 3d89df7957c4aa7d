import { GraphWriter } from './graph-writer.js';
import type { Parameter } from './layers.js';
import { parametersOf, writeForward, type Network } from './network.js';
import { attribute, encodeModel, graph, valueInfo, type OnnxValueInfo } from './onnx-builder.js';

/** Names of the values that a training graph takes and gives beside the network's own. */
export const TRAINING_VALUES = {
  /** INT64 [batch], the class of each row. */
  labels: 'labels',
  /** FP32 scalars of Adam that change with every step. */
  learningRate: 'learningRate',
  firstCorrection: 'firstCorrection',
  secondCorrection: 'secondCorrection',
  /** Outputs: FP32 scalar, and FP32 [batch, classes]. */
  loss: 'loss',
  logits: 'logits',
} as const;

/** Inputs that carry a parameter's state from step to step; `next` names the outputs with the state after the step. */
export function stateNames(parameter: string): {
  first: string;
  second: string;
  gradient: string;
  next: (name: string) => string;
} {
  return {
    first: `${parameter}.first`,
    second: `${parameter}.second`,
    gradient: `${parameter}.gradient`,
    next: (name) => `${name}.next`,
  };
}

/** Constants of Adam as published (Kingma and Ba, 2015). */
export const ADAM = { firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 } as const;

/**
 * One step of training as an ONNX model: forward pass, mean softmax cross-entropy, backward pass and Adam with decoupled
 * weight decay. Parameters and optimizer state come in and go out as plain values, so that ONNX Runtime is the trainer.
 */
export function buildTrainingGraph(network: Network, weightDecay: number): Buffer {
  const writer = new GraphWriter();
  const values = writeForward(writer, network);
  const logits = writer.emit('Identity', [values.at(-1) ?? ''], {}, TRAINING_VALUES.logits);
  const gradients = writeBackward(writer, network, values, writeLoss(writer, network, logits));

  const inputs: OnnxValueInfo[] = [
    valueInfo(network.input, 'FP32', ['batch', ...network.inputShape]),
    valueInfo(TRAINING_VALUES.labels, 'INT64', ['batch']),
    valueInfo(TRAINING_VALUES.learningRate, 'FP32', []),
    valueInfo(TRAINING_VALUES.firstCorrection, 'FP32', []),
    valueInfo(TRAINING_VALUES.secondCorrection, 'FP32', []),
  ];
  const outputs: OnnxValueInfo[] = [
    valueInfo(TRAINING_VALUES.loss, 'FP32', []),
    valueInfo(TRAINING_VALUES.logits, 'FP32', ['batch', network.classes]),
  ];
  for (const parameter of parametersOf(network)) {
    const { name, shape } = parameter;
    const { first, second, gradient, next } = stateNames(name);
    writer.emit('Identity', [gradients.get(name) ?? ''], {}, gradient);
    writeAdam(writer, parameter, weightDecay);
    inputs.push(...[name, first, second].map((state) => valueInfo(state, 'FP32', shape)));
    outputs.push(...[gradient, ...[name, first, second].map(next)].map((state) => valueInfo(state, 'FP32', shape)));
  }
  return encodeModel(
    graph({ name: 'training', nodes: writer.nodes, initializers: writer.initializers, inputs, outputs }),
  );
}

/** Writes the loss and returns its gradient by the logits: (softmax − one-hot) / batch. */
function writeLoss(writer: GraphWriter, network: Network, logits: string): string {
  const classes = writer.constant('INT64', [1], [network.classes]);
  const oneHot = writer.emit('OneHot', [TRAINING_VALUES.labels, classes, writer.constant('FP32', [2], [0, 1])], {
    axis: attribute.int(-1),
  });
  const rows = writer.emit('Cast', [writer.emit('Size', [TRAINING_VALUES.labels])], { to: attribute.int(1) });
  const logProbabilities = writer.emit('LogSoftmax', [logits], { axis: attribute.int(1) });
  const likelihood = writer.emit('ReduceSum', [writer.emit('Mul', [oneHot, logProbabilities])], {
    keepdims: attribute.int(0),
  });
  writer.emit('Div', [writer.emit('Neg', [likelihood]), rows], {}, TRAINING_VALUES.loss);
  const excess = writer.emit('Sub', [writer.emit('Exp', [logProbabilities]), oneHot]);
  return writer.emit('Div', [excess, rows]);
}

/** Reverse mode: from the last layer to the first. Returns the gradient's name for each parameter. */
function writeBackward(
  writer: GraphWriter,
  network: Network,
  values: readonly string[],
  lossGradient: string,
): Map<string, string> {
  const gradients = new Map<string, string>();
  let gradient = lossGradient;
  for (const [index, layer] of [...network.layers.entries()].toReversed()) {
    const [input = '', output = ''] = values.slice(index);
    const result = layer.backward(writer, { input, output, gradient });
    for (const [place, { name }] of layer.parameters.entries()) gradients.set(name, result.parameters[place] ?? '');
    gradient = result.input;
  }
  return gradients;
}

function writeAdam(writer: GraphWriter, { name, shape }: Parameter, weightDecay: number): void {
  const { first, second, gradient, next } = stateNames(name);
  const blend = (state: string, value: string, decay: number): string =>
    writer.emit(
      'Add',
      [writer.emit('Mul', [state, writer.scalar(decay)]), writer.emit('Mul', [value, writer.scalar(1 - decay)])],
      {},
      next(state),
    );
  const firstNext = blend(first, gradient, ADAM.firstDecay);
  const secondNext = blend(second, writer.emit('Mul', [gradient, gradient]), ADAM.secondDecay);
  const mean = writer.emit('Mul', [firstNext, TRAINING_VALUES.firstCorrection]);
  const spread = writer.emit('Sqrt', [writer.emit('Mul', [secondNext, TRAINING_VALUES.secondCorrection])]);
  const direction = writer.emit('Div', [mean, writer.emit('Add', [spread, writer.scalar(ADAM.epsilon)])]);
  // Biases, which are the tensors of one dimension, are not decayed.
  const decay = writer.emit('Mul', [name, writer.scalar(shape.length > 1 ? weightDecay : 0)]);
  const step = writer.emit('Mul', [writer.emit('Add', [direction, decay]), TRAINING_VALUES.learningRate]);
  writer.emit('Sub', [name, step], {}, next(name));
}
