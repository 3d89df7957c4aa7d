import type { GraphWriter } from './graph-writer.js';
import { attribute } from './onnx-builder.js';

/** A tensor of FP32 numbers that training adjusts. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation of the normal numbers it starts from; 0 starts from zeros. */
  readonly initialDeviation: number;
}

/** Values of a layer in the graph: what went in, what came out, and how the loss changes with what came out. */
export interface BackwardValues {
  readonly input: string;
  readonly output: string;
  readonly gradient: string;
}

export interface BackwardGradients {
  /** How the loss changes with the layer's input. */
  readonly input: string;
  /** How it changes with each parameter, in the order of `parameters`. */
  readonly parameters: readonly string[];
}

/** One step of a network. Parameters are values of the graph under their own names. */
export interface Layer {
  readonly parameters: readonly Parameter[];
  /** Writes the layer and returns the name of its output. */
  forward(writer: GraphWriter, input: string): string;
  /** Writes the chain rule through the layer. */
  backward(writer: GraphWriter, values: BackwardValues): BackwardGradients;
}

function sumOver(writer: GraphWriter, value: string, axes: readonly number[]): string {
  const axesName = writer.constant('INT64', [axes.length], axes);
  return writer.emit('ReduceSum', [value, axesName], { keepdims: attribute.int(0) });
}

/** x [batch, inputs] → x·W + b [batch, outputs]. */
export function dense(name: string, inputs: number, outputs: number): Layer {
  const weight = { name: `${name}.weight`, shape: [inputs, outputs], initialDeviation: Math.sqrt(2 / inputs) };
  const bias = { name: `${name}.bias`, shape: [outputs], initialDeviation: 0 };
  return {
    parameters: [weight, bias],
    forward: (writer, input) => writer.emit('Gemm', [input, weight.name, bias.name]),
    backward: (writer, { input, gradient }) => ({
      input: writer.emit('Gemm', [gradient, weight.name], { transB: attribute.int(1) }),
      parameters: [
        writer.emit('Gemm', [input, gradient], { transA: attribute.int(1) }),
        sumOver(writer, gradient, [0]),
      ],
    }),
  };
}

export function relu(): Layer {
  return {
    parameters: [],
    forward: (writer, input) => writer.emit('Relu', [input]),
    backward: (writer, { output, gradient }) => {
      const positive = writer.emit('Greater', [output, writer.scalar(0)]);
      const blocked = writer.scalar(0);
      return { input: writer.emit('Where', [positive, gradient, blocked]), parameters: [] };
    },
  };
}

/** (x − mean) / deviation per column, with constants: no parameters. */
export function standardize(means: readonly number[], deviations: readonly number[]): Layer {
  return {
    parameters: [],
    forward: (writer, input) => {
      const centred = writer.emit('Sub', [input, writer.constant('FP32', [means.length], means)]);
      return writer.emit('Div', [centred, writer.constant('FP32', [deviations.length], deviations)]);
    },
    backward: (writer, { gradient }) => ({
      input: writer.emit('Div', [gradient, writer.constant('FP32', [deviations.length], deviations)]),
      parameters: [],
    }),
  };
}

export interface ConvolutionOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Width and height of the input image. */
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** x [batch, inputChannels, size, size] → [batch, outputChannels, o, o], o = ⌊(size + 2·padding − kernel) / stride⌋ + 1. */
export function convolution(name: string, options: ConvolutionOptions): Layer {
  const { inputChannels, outputChannels, size, kernel, stride, padding } = options;
  const fanIn = inputChannels * kernel * kernel;
  const weight = {
    name: `${name}.weight`,
    shape: [outputChannels, inputChannels, kernel, kernel],
    initialDeviation: Math.sqrt(2 / fanIn),
  };
  const bias = { name: `${name}.bias`, shape: [outputChannels], initialDeviation: 0 };
  /** Rows and columns at the far edges that no kernel position reaches. */
  const unreached = (size + 2 * padding - kernel) % stride;
  const pads = [padding, padding, padding, padding];
  const swapped = { perm: attribute.ints([1, 0, 2, 3]) };
  return {
    parameters: [weight, bias],
    forward: (writer, input) =>
      writer.emit('Conv', [input, weight.name, bias.name], {
        kernel_shape: attribute.ints([kernel, kernel]),
        strides: attribute.ints([stride, stride]),
        pads: attribute.ints(pads),
      }),
    backward: (writer, { input, gradient }) => {
      const inputGradient = writer.emit('ConvTranspose', [gradient, weight.name], {
        kernel_shape: attribute.ints([kernel, kernel]),
        strides: attribute.ints([stride, stride]),
        pads: attribute.ints(pads),
        output_padding: attribute.ints([unreached, unreached]),
      });
      // The weight's gradient is itself a convolution: the images' channels are its batch, the images its channels, and
      // the gradient its kernel, spread out by the stride.
      const images = writer.emit('Transpose', [input], swapped);
      const kernels = writer.emit('Transpose', [gradient], swapped);
      const weightGradient = writer.emit('Conv', [images, kernels], {
        dilations: attribute.ints([stride, stride]),
        pads: attribute.ints([padding, padding, padding - unreached, padding - unreached]),
      });
      return {
        input: inputGradient,
        parameters: [writer.emit('Transpose', [weightGradient], swapped), sumOver(writer, gradient, [0, 2, 3])],
      };
    },
  };
}

/** x [batch, …] → [batch, product of the rest]. */
export function flatten(shape: readonly number[]): Layer {
  return {
    parameters: [],
    forward: (writer, input) => writer.emit('Flatten', [input], { axis: attribute.int(1) }),
    backward: (writer, { gradient }) => {
      const target = writer.constant('INT64', [shape.length + 1], [-1, ...shape]);
      return { input: writer.emit('Reshape', [gradient, target]), parameters: [] };
    },
  };
}
