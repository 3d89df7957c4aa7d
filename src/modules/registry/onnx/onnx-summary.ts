import type { Datatype } from '../../../common/tensor/datatypes.js';

/** How large a model may be; the settings hold the values. */
export interface OnnxLimits {
  /** Most bytes of the file. Sparse initializers may not unfold to more either. */
  readonly maxBytes: number;
  /** Most nodes, with those of subgraphs, local functions and training graphs. Initializers are held to the same number. */
  readonly maxNodes: number;
  /** Deepest nesting of graphs; the main graph is 1. */
  readonly maxDepth: number;
}

export interface OperatorSetImport {
  /** Empty for the standard operators. */
  readonly domain: string;
  readonly version: number;
}

export type OnnxValueKind = 'TENSOR' | 'SPARSE_TENSOR' | 'SEQUENCE' | 'MAP' | 'OPTIONAL' | 'OPAQUE' | 'UNKNOWN';

/** An input or output of the graph, as the file declares it. */
export interface OnnxValue {
  readonly name: string;
  readonly kind: OnnxValueKind;
  /** Absent where the type has no counterpart in the Open Inference Protocol, such as BFLOAT16, and for non-tensors. */
  readonly datatype?: Datatype;
  /** Sizes with −1 for variable ones; absent where the file does not even state the rank. */
  readonly shape?: readonly number[];
  /** Per dimension its name, or '' where it has none; as long as `shape`. */
  readonly dimensionNames?: readonly string[];
}

/** What the structure of a model file tells. */
export interface OnnxSummary {
  /** Size of the file in bytes. */
  readonly bytes: number;
  readonly irVersion: number;
  readonly operatorSets: readonly OperatorSetImport[];
  readonly producer: { readonly name: string; readonly version: string };
  /** Nodes with those of subgraphs and local functions, each counted once however often it runs. */
  readonly nodeCount: number;
  /** How often each operator occurs; `domain::Operator` for those that are not standard. */
  readonly operators: Readonly<Record<string, number>>;
  /** Elements of all initializers, of any type. */
  readonly parameterCount: number;
  /** Inputs to be fed: those with an initializer as their default are left out. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** `metadata_props` of the file; values over 64 KB are left out. */
  readonly metadata: Readonly<Record<string, string>>;
}
