import onnxProto from 'onnx-proto';
import {
  attribute,
  encodeModel,
  graph,
  localFunction,
  node,
  tensor,
  valueInfo,
  type OnnxFunction,
  type OnnxNode,
  type OnnxTensor,
} from '../../../models/training/onnx-builder.js';

const shape = ['batch', 4];

function onFloats(
  name: string,
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[] = [],
  functions: readonly OnnxFunction[] = [],
): Buffer {
  const inputs = [valueInfo('input', 'FP32', shape)];
  const outputs = [valueInfo('output', 'FP32', shape)];
  const domains: Record<string, number> = functions.length === 0 ? {} : { local: 1 };
  return encodeModel(graph({ name, nodes, initializers, inputs, outputs }), { domains, functions });
}

/** A function that may call others of its kind. */
function callingFunction(name: string, nodes: readonly OnnxNode[]): OnnxFunction {
  const made = localFunction({ name, domain: 'local', nodes, inputs: ['from'], outputs: ['to'] });
  made.opsetImport.push(onnxProto.onnx.OperatorSetIdProto.create({ domain: 'local', version: 1 }));
  return made;
}

const call = (name: string, from: string, to: string) => node(name, [from], [to], { domain: 'local' });

/** A chain of `width` calls of one operator. */
function chain(operator: string, width: number, from: string, to: string): OnnxNode[] {
  return Array.from({ length: width }, (_, index) =>
    call(operator, index === 0 ? from : `step${index}`, index === width - 1 ? to : `step${index + 1}`),
  );
}

/** A few kilobytes that grow to `width` ^ `depth` nodes when a runtime puts each function in place of its calls. */
export function functionBombModel(depth = 10, width = 10): Buffer {
  const functions = Array.from({ length: depth }, (_, level) =>
    callingFunction(
      `F${level}`,
      level === 0 ? [node('Neg', ['from'], ['to'])] : chain(`F${level - 1}`, width, 'from', 'to'),
    ),
  );
  return onFloats('functionBomb', [call(`F${depth - 1}`, 'input', 'output')], [], functions);
}

/** Two functions that call each other for ever. */
export function recursiveFunctionModel(): Buffer {
  const functions = [
    callingFunction('Ping', [call('Pong', 'from', 'to')]),
    callingFunction('Pong', [call('Ping', 'from', 'to')]),
  ];
  return onFloats('recursiveFunction', [call('Ping', 'input', 'output')], [], functions);
}

/** A value that is its own ancestor. */
export function cyclicModel(): Buffer {
  return onFloats('cyclic', [node('Add', ['input', 'output'], ['again']), node('Neg', ['again'], ['output'])]);
}

/** Two nodes that give the same value. */
export function twiceNamedModel(): Buffer {
  return onFloats('twiceNamed', [node('Neg', ['input'], ['output']), node('Abs', ['input'], ['output'])]);
}

/** A node that takes a value which nobody gives. */
export function danglingModel(): Buffer {
  return onFloats('dangling', [node('Add', ['input', 'nothing'], ['output'])]);
}

/** An operator that the standard set does not have. */
export function unknownOperatorModel(): Buffer {
  return onFloats('unknownOperator', [node('Frobnicate', ['input'], ['output'])]);
}

/** Concatenates a value with itself `steps` times: 2 ^ `steps` times the input. */
export function doublingModel(steps = 40): Buffer {
  const nodes = Array.from({ length: steps }, (_, step) => {
    const from = step === 0 ? 'input' : `step${step}`;
    return node('Concat', [from, from], [step === steps - 1 ? 'output' : `step${step + 1}`], {
      attributes: { axis: attribute.int(0) },
    });
  });
  return onFloats('doubling', nodes);
}

/** A matrix whose declared dimensions and bytes do not agree. */
export function lyingInitializerModel(dims: readonly number[], bytes: number): Buffer {
  const lie = tensor('lie', 'FP32', [1], [1]);
  lie.dims = [...dims];
  lie.rawData = new Uint8Array(bytes);
  return onFloats('lyingInitializer', [node('Add', ['input', 'lie'], ['output'])], [lie]);
}

/** A sparse tensor of four values, one of which lies far beyond it. */
export function sparseBeyondModel(index = 2n ** 40n): Buffer {
  const { ModelProto } = onnxProto.onnx;
  const model = ModelProto.decode(onFloats('sparseBeyond', [node('Add', ['input', 'sparse'], ['output'])]));
  const sparse = { values: tensor('sparse', 'FP32', [1], [1]), indices: tensor('', 'INT64', [1], [index]), dims: [4] };
  if (model.graph) model.graph.sparseInitializer = [sparse];
  return Buffer.from(ModelProto.encode(model).finish());
}

/** `input`, renamed → `output`, renamed: for names that are something special where they are not taken for names. */
export function namedModel(input: string, output: string): Buffer {
  return encodeModel(
    graph({
      name: 'named',
      nodes: [node('Neg', [input], [output])],
      inputs: [valueInfo(input, 'FP32', shape)],
      outputs: [valueInfo(output, 'FP32', shape)],
    }),
  );
}

/** `input` INT32 [-1,2] → `output` INT32 [-1]: the first number of a row divided by the second, as the processor does it. */
export function divisionModel(): Buffer {
  return encodeModel(
    graph({
      name: 'division',
      nodes: [
        node('Split', ['input'], ['numerator', 'divisor'], { attributes: { axis: attribute.int(1) } }),
        node('Div', ['numerator', 'divisor'], ['output']),
      ],
      inputs: [valueInfo('input', 'INT32', ['batch', 2])],
      outputs: [valueInfo('output', 'INT32', ['batch', 1])],
    }),
  );
}

/** Adds a row to a list in each step of a loop, of which there are as many as `input` INT64 [1] says. */
export function growingLoopModel(): Buffer {
  const body = graph({
    name: 'body',
    nodes: [node('Identity', ['conditionIn'], ['conditionOut']), node('Identity', ['row'], ['kept'])],
    inputs: [valueInfo('iteration', 'INT64', []), valueInfo('conditionIn', 'BOOL', [])],
    outputs: [valueInfo('conditionOut', 'BOOL', []), valueInfo('kept', 'FP32', [65_536])],
  });
  return encodeModel(
    graph({
      name: 'growingLoop',
      nodes: [
        node('ConstantOfShape', ['size'], ['row']),
        node('Loop', ['input', 'always'], ['rows'], { attributes: { body: attribute.graph(body) } }),
        node('ReduceSum', ['rows'], ['output'], { attributes: { keepdims: attribute.int(0) } }),
      ],
      initializers: [tensor('size', 'INT64', [1], [65_536]), tensor('always', 'BOOL', [], [true])],
      inputs: [valueInfo('input', 'INT64', [1])],
      outputs: [valueInfo('output', 'FP32', [])],
    }),
  );
}
