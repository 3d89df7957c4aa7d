import { garbageFiles } from '../../support/onnx/garbage.js';
import {
  endlessLoopModel,
  externalDataModel,
  hugeInitializerClaimModel,
  memoryBombAtLoadModel,
  nestedSubgraphsModel,
  unknownDomainModel,
} from '../../support/onnx/hostile-models.js';
import {
  cyclicModel,
  danglingModel,
  doublingModel,
  functionBombModel,
  lyingInitializerModel,
  recursiveFunctionModel,
  sparseBeyondModel,
  twiceNamedModel,
  unknownOperatorModel,
} from '../../support/onnx/malformed-graphs.js';
import { mlpModel } from '../../support/onnx/models.js';

/** A file that must not become a model. */
export interface HostileFile {
  readonly what: string;
  /** The code of the refusal. */
  readonly code: string;
  readonly bytes: () => Uint8Array;
}

/** Largest model of the Nestor that these files are given to, in bytes. */
export const MODEL_MAX_BYTES = 2_000_000;

const file = (what: string, code: string, bytes: () => Uint8Array): HostileFile => ({ what, code, bytes });

const places = ['initializer', 'attribute', 'sparse', 'subgraph', 'function', 'training'] as const;
const domainPlaces = ['import', 'node', 'subgraph', 'function'] as const;

const readers: readonly HostileFile[] = [
  ...['/etc/passwd', '../secret', '../../../../etc/passwd', './weights.bin', 'a-link', 'file:///etc/passwd', ''].map(
    (location) =>
      file(`external data at ${JSON.stringify(location)}`, 'MODEL_EXTERNAL_DATA', () => externalDataModel(location)),
  ),
  ...places.map((place) =>
    file(`external data of a tensor in ${place}`, 'MODEL_EXTERNAL_DATA', () => externalDataModel('../secret', place)),
  ),
];

const bombs: readonly HostileFile[] = [
  ...[2n ** 34n, 2n ** 40n].map((elements) =>
    file(`a constant of ${elements} elements`, 'MODEL_LOAD_FAILED', () => memoryBombAtLoadModel(elements)),
  ),
  file('a value that is doubled forty times', 'MODEL_LOAD_FAILED', () => doublingModel()),
  file('functions that unfold to 10^10 nodes', 'MODEL_LOAD_FAILED', () => functionBombModel()),
  file('functions that call each other', 'MODEL_LOAD_FAILED', () => recursiveFunctionModel()),
  file('a loop without end', 'MODEL_LOAD_FAILED', () => endlessLoopModel()),
  file('graphs nested a thousand deep', 'MODEL_LIMIT_EXCEEDED', () => nestedSubgraphsModel()),
];

const lies: readonly HostileFile[] = [
  file('an initializer that claims terabytes', 'MODEL_LIMIT_EXCEEDED', () => hugeInitializerClaimModel()),
  file('an initializer whose claim overflows', 'MODEL_LIMIT_EXCEEDED', () =>
    hugeInitializerClaimModel([2 ** 52, 2 ** 52]),
  ),
  file('an initializer of a negative size', 'MODEL_NOT_ONNX', () => lyingInitializerModel([-4], 16)),
  file('an initializer with bytes too few', 'MODEL_LIMIT_EXCEEDED', () => lyingInitializerModel([4], 3)),
  file('an initializer with bytes too many', 'MODEL_LOAD_FAILED', () => lyingInitializerModel([4], 4_096)),
  file('a sparse tensor with an element beyond it', 'MODEL_LOAD_FAILED', () => sparseBeyondModel()),
  file('a sparse tensor with an element before it', 'MODEL_LOAD_FAILED', () => sparseBeyondModel(-(2n ** 40n))),
  file('a graph in a circle', 'MODEL_LOAD_FAILED', () => cyclicModel()),
  file('a value that is given twice', 'MODEL_LOAD_FAILED', () => twiceNamedModel()),
  file('a value that nobody gives', 'MODEL_LOAD_FAILED', () => danglingModel()),
  file('an operator that does not exist', 'MODEL_LOAD_FAILED', () => unknownOperatorModel()),
  ...domainPlaces.map((place) =>
    file(`operators of a foreign domain in ${place}`, 'MODEL_UNKNOWN_DOMAIN', () => unknownDomainModel(place)),
  ),
];

const rubbish: readonly HostileFile[] = [
  ...Object.entries(garbageFiles()).map(([name, bytes]) =>
    file(`a file that is ${name}`, 'MODEL_NOT_ONNX', () => bytes),
  ),
  file('a file above the limit', 'MODEL_TOO_LARGE', () => Buffer.alloc(MODEL_MAX_BYTES + 1)),
];

/** Files that must not become models, whatever they are said to be. */
export const hostileFiles: readonly HostileFile[] = [...readers, ...bombs, ...lies, ...rubbish];

/** Where files are cut off: at each of so many bytes. */
const CUT_BYTES = 64;

/**
 * A good model, cut off again and again. What is left of a protobuf message may be a message itself, so that not each
 * can be told from a whole file.
 */
export function truncatedModels(): Uint8Array[] {
  const model = mlpModel({ width: 8, hiddenLayers: 4 });
  const count = Math.ceil(model.byteLength / CUT_BYTES) - 1;
  return Array.from({ length: count }, (_, index) => model.subarray(0, (index + 1) * CUT_BYTES));
}
