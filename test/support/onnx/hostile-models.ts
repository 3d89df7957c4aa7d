import onnxProto from 'onnx-proto';
import {
  attribute,
  encodeModel,
  graph,
  localFunction,
  node,
  tensor,
  valueInfo,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../../../models/training/onnx-builder.js';

/** Valid ONNX that never answers: a loop of 2^62 steps over `input` FP32 [-1,4]. */
export function endlessLoopModel(): Buffer {
  const shape = ['batch', 4];
  const body = graph({
    name: 'body',
    nodes: [node('Identity', ['conditionIn'], ['conditionOut']), node('Cos', ['carriedIn'], ['carriedOut'])],
    inputs: [
      valueInfo('iteration', 'INT64', []),
      valueInfo('conditionIn', 'BOOL', []),
      valueInfo('carriedIn', 'FP32', shape),
    ],
    outputs: [valueInfo('conditionOut', 'BOOL', []), valueInfo('carriedOut', 'FP32', shape)],
  });
  return encodeModel(
    graph({
      name: 'endlessLoop',
      nodes: [node('Loop', ['trips', 'always', 'input'], ['output'], { attributes: { body: attribute.graph(body) } })],
      initializers: [tensor('trips', 'INT64', [], [2n ** 62n]), tensor('always', 'BOOL', [], [true])],
      inputs: [valueInfo('input', 'FP32', shape)],
      outputs: [valueInfo('output', 'FP32', shape)],
    }),
  );
}

/** A loop of as many steps as `input` INT64 [1] says: harmless when the file is tried, endless at the caller's wish. */
export function loopOnDemandModel(): Buffer {
  const body = graph({
    name: 'body',
    nodes: [node('Identity', ['conditionIn'], ['conditionOut']), node('Cos', ['carriedIn'], ['carriedOut'])],
    inputs: [
      valueInfo('iteration', 'INT64', []),
      valueInfo('conditionIn', 'BOOL', []),
      valueInfo('carriedIn', 'FP32', [1]),
    ],
    outputs: [valueInfo('conditionOut', 'BOOL', []), valueInfo('carriedOut', 'FP32', [1])],
  });
  return encodeModel(
    graph({
      name: 'loopOnDemand',
      nodes: [node('Loop', ['input', 'always', 'start'], ['output'], { attributes: { body: attribute.graph(body) } })],
      initializers: [tensor('always', 'BOOL', [], [true]), tensor('start', 'FP32', [1], [1])],
      inputs: [valueInfo('input', 'INT64', [1])],
      outputs: [valueInfo('output', 'FP32', [1])],
    }),
  );
}

/**
 * Some hundred bytes that ask for gigabytes at every run: `input` INT64 [1] is the number of floats to fill and sum up,
 * `output` FP32 []. The size comes with the request, so nothing can be seen when the file is loaded.
 */
export function memoryBombModel(): Buffer {
  return encodeModel(
    graph({
      name: 'memoryBomb',
      nodes: [
        node('ConstantOfShape', ['input'], ['filled'], {
          attributes: { value: attribute.tensor(tensor('one', 'FP32', [1], [1])) },
        }),
        node('ReduceSum', ['filled'], ['output'], { attributes: { keepdims: attribute.int(0) } }),
      ],
      inputs: [valueInfo('input', 'INT64', [1])],
      outputs: [valueInfo('output', 'FP32', [])],
    }),
  );
}

/** The same with the size as an initializer: the memory is taken while the file is loaded (constant folding). */
export function memoryBombAtLoadModel(elements = 2n ** 30n): Buffer {
  return encodeModel(
    graph({
      name: 'memoryBombAtLoad',
      nodes: [
        node('ConstantOfShape', ['size'], ['filled']),
        node('ReduceSum', ['filled'], ['sum'], { attributes: { keepdims: attribute.int(0) } }),
        node('Add', ['input', 'sum'], ['output']),
      ],
      initializers: [tensor('size', 'INT64', [1], [elements])],
      inputs: [valueInfo('input', 'FP32', ['batch', 4])],
      outputs: [valueInfo('output', 'FP32', ['batch', 4])],
    }),
  );
}

function externalTensor(name: string, location: string): OnnxTensor {
  const { DataType, DataLocation } = onnxProto.onnx.TensorProto;
  return onnxProto.onnx.TensorProto.create({
    name,
    dataType: DataType.UINT8,
    dims: [4],
    dataLocation: DataLocation.EXTERNAL,
    externalData: [{ key: 'location', value: location }],
  });
}

function passThrough(
  name: string,
  extraNodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[] = [],
): OnnxGraph {
  return graph({
    name,
    nodes: [...extraNodes, node('Identity', ['input'], ['output'])],
    initializers,
    inputs: [valueInfo('input', 'FP32', ['batch', 4])],
    outputs: [valueInfo('output', 'FP32', ['batch', 4])],
  });
}

/** A conditional whose two branches consist of one node; the graph around it needs `yes` among its initializers. */
function conditional(branchNode: OnnxNode, output: OnnxValueInfo): OnnxNode {
  const branch = attribute.graph(graph({ name: 'branch', nodes: [branchNode], inputs: [], outputs: [output] }));
  return node('If', ['yes'], ['chosen'], { attributes: { then_branch: branch, else_branch: branch } });
}

const yes = tensor('yes', 'BOOL', [], [true]);

const externalDataPlaces = {
  initializer: (stolen: OnnxTensor) => encodeModel(passThrough('external', [], [stolen])),
  attribute: (stolen: OnnxTensor) => encodeModel(passThrough('external', [constantNode(stolen)])),
  sparse: (stolen: OnnxTensor) => {
    const main = passThrough('external', []);
    main.sparseInitializer = [{ values: stolen, indices: tensor('', 'INT64', [1], [0]), dims: [4] }];
    return encodeModel(main);
  },
  subgraph: (stolen: OnnxTensor) => {
    const choice = conditional(constantNode(stolen), valueInfo('stolen', 'UINT8', [4]));
    return encodeModel(passThrough('external', [choice], [yes]));
  },
  function: (stolen: OnnxTensor) => {
    const nodes = [constantNode(stolen)];
    const thief = localFunction({ name: 'Thief', domain: 'local', nodes, inputs: [], outputs: ['stolen'] });
    const call = node('Thief', [], ['stolen'], { domain: 'local' });
    return encodeModel(passThrough('external', [call]), { domains: { local: 1 }, functions: [thief] });
  },
  training: (stolen: OnnxTensor) => {
    const { ModelProto } = onnxProto.onnx;
    const model = ModelProto.decode(encodeModel(passThrough('external', [])));
    model.trainingInfo = [{ initialization: passThrough('external', [], [stolen]) }];
    return Buffer.from(ModelProto.encode(model).finish());
  },
} as const;

function constantNode(value: OnnxTensor): OnnxNode {
  return node('Constant', [], ['stolen'], { attributes: { value: attribute.tensor(value) } });
}

export type ExternalDataPlace = keyof typeof externalDataPlaces;

/** A model that wants bytes of another file, such as `../secret` or `/etc/passwd`, in the named place. */
export function externalDataModel(location: string, place: ExternalDataPlace = 'initializer'): Buffer {
  return externalDataPlaces[place](externalTensor('stolen', location));
}

const unknownDomainPlaces = {
  import: (_foreign: OnnxNode, domain: string) =>
    encodeModel(passThrough('unknownDomain', []), { domains: { [domain]: 1 } }),
  node: (foreign: OnnxNode) => encodeModel(passThrough('unknownDomain', [foreign])),
  subgraph: (foreign: OnnxNode) => {
    const choice = conditional(foreign, valueInfo('odd', 'FP32', ['batch', 4]));
    return encodeModel(passThrough('unknownDomain', [choice], [yes]));
  },
  function: (foreign: OnnxNode) => {
    const nodes = [foreign];
    const wrapper = localFunction({ name: 'Wrapper', domain: 'local', nodes, inputs: ['input'], outputs: ['odd'] });
    const call = node('Wrapper', ['input'], ['wrapped'], { domain: 'local' });
    return encodeModel(passThrough('unknownDomain', [call]), { domains: { local: 1 }, functions: [wrapper] });
  },
} as const;

export type UnknownDomainPlace = keyof typeof unknownDomainPlaces;

/** A model with an operator set that is not a standard one, in the named place. */
export function unknownDomainModel(place: UnknownDomainPlace = 'node', domain = 'com.microsoft'): Buffer {
  return unknownDomainPlaces[place](node('Gelu', ['input'], ['odd'], { domain }), domain);
}

/** A fine model that uses an operator of its own, defined in the file as a local function: to be accepted. */
export function localFunctionModel(): Buffer {
  const square = localFunction({
    name: 'Square',
    domain: 'local',
    nodes: [node('Mul', ['value', 'value'], ['squared'])],
    inputs: ['value'],
    outputs: ['squared'],
  });
  return encodeModel(
    graph({
      name: 'localFunction',
      nodes: [node('Square', ['input'], ['output'], { domain: 'local' })],
      inputs: [valueInfo('input', 'FP32', ['batch', 4])],
      outputs: [valueInfo('output', 'FP32', ['batch', 4])],
    }),
    { domains: { local: 1 }, functions: [square] },
  );
}

/** A model whose initializer claims `dims` (a million by a million unless given) and carries four bytes. */
export function hugeInitializerClaimModel(dims: readonly number[] = [1_000_000, 1_000_000]): Buffer {
  const claim = tensor('claim', 'FP32', [1], [1]);
  claim.dims = [...dims];
  return encodeModel(passThrough('hugeInitializerClaim', [], [claim]));
}

/** `depth` conditionals inside each other: a stack overflow for readers that recurse. */
export function nestedSubgraphsModel(depth = 1000): Buffer {
  const output = valueInfo('chosen', 'BOOL', []);
  let innermost = graph({
    name: 'leaf',
    nodes: [node('Identity', ['condition'], ['chosen'])],
    inputs: [],
    outputs: [output],
  });
  const leaf = innermost;
  for (let level = 0; level < depth; level += 1) {
    const branches = { then_branch: attribute.graph(innermost), else_branch: attribute.graph(leaf) };
    const choice = node('If', ['condition'], ['chosen'], { attributes: branches });
    innermost = graph({ name: `level${level}`, nodes: [choice], inputs: [], outputs: [output] });
  }
  innermost.input = [valueInfo('condition', 'BOOL', [])];
  return encodeModel(innermost);
}
